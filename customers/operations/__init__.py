"""The only writers of customers. One verb, one function, one transaction."""

from customers.operations.own_lists import ask, follow, unfollow
from customers.operations.records import answer, caller, create, edit
from customers.operations.subscribing import (
    confirm,
    end,
    keep_told,
    subscribe,
    try_address_again,
    unsubscribe,
)

__all__ = [
    "answer",
    "ask",
    "caller",
    "confirm",
    "create",
    "edit",
    "end",
    "follow",
    "keep_told",
    "subscribe",
    "try_address_again",
    "unfollow",
    "unsubscribe",
]
