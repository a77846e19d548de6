"""The only writers of tickets.

Each verb finds the ticket for the actor, checks the rules, makes one conditional update and records one event.
"""

from tickets.operations.conversation import reply
from tickets.operations.facts import create, edit, link, log_time, set_priority
from tickets.operations.lifecycle import close, hold, reopen, resolve, resume, wait
from tickets.operations.moving import assign, escalate, hand_back, take

__all__ = [
    "assign", "close", "create", "edit", "escalate", "hand_back", "hold", "link", "log_time", "reopen", "reply",
    "resolve", "resume", "set_priority", "take", "wait",
]  # fmt: skip
