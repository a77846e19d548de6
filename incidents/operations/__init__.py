"""The only writers of incidents. One verb, one function, one transaction."""

from incidents.operations.declaring import declare, declare_from_ticket
from incidents.operations.informing import declare_restored, no_change, reopen, send_update
from incidents.operations.running import (
    ROLES,
    acknowledge,
    add_entry,
    assign_roles,
    close,
    edit,
    link_work,
    note_linked,
    set_cadence,
    set_status,
    subscribe,
    take_role,
)
from incidents.operations.timed import fall_due, remind

__all__ = [
    "ROLES",
    "acknowledge",
    "add_entry",
    "assign_roles",
    "close",
    "declare",
    "declare_from_ticket",
    "declare_restored",
    "edit",
    "fall_due",
    "link_work",
    "no_change",
    "note_linked",
    "remind",
    "reopen",
    "send_update",
    "set_cadence",
    "set_status",
    "subscribe",
    "take_role",
]
