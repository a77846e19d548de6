"""The tickets' tables, a file a subject."""

from tickets.models.automation import AutomationRule, RuleRun
from tickets.models.conversation import Entry, EntryQuerySet, HeldReply, Macro
from tickets.models.fields import CustomField
from tickets.models.handing import HandOff, SopRun
from tickets.models.relations import BulkRun, Merge, Recurrence
from tickets.models.ticket import (
    OPEN_STATUSES,
    HoldReason,
    PriorityCell,
    ResolutionCode,
    Status,
    Ticket,
    TicketQuerySet,
)
from tickets.models.views import SavedView

__all__ = [
    "OPEN_STATUSES",
    "AutomationRule",
    "BulkRun",
    "CustomField",
    "Entry",
    "EntryQuerySet",
    "HandOff",
    "HeldReply",
    "HoldReason",
    "Macro",
    "Merge",
    "PriorityCell",
    "Recurrence",
    "ResolutionCode",
    "RuleRun",
    "SavedView",
    "SopRun",
    "Status",
    "Ticket",
    "TicketQuerySet",
]
