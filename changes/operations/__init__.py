"""The only writers of changes."""

from changes.operations.carrying_out import back_out, close, finish, start, validate
from changes.operations.deciding import approve, chase_approvals, reject, schedule
from changes.operations.planning import draft, edit, link_problem, revise, submit, withdraw

__all__ = [
    "approve",
    "back_out",
    "chase_approvals",
    "close",
    "draft",
    "edit",
    "finish",
    "link_problem",
    "reject",
    "revise",
    "schedule",
    "start",
    "submit",
    "validate",
    "withdraw",
]
