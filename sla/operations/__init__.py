"""The only writers of clocks, their ledger, breaches, calendars and policies.

Each verb takes the subject (kind and id), the moment `at` and the actor `by`, runs in the caller's
transaction and returns what the subject must store for its queue. Asking for a state that a clock is in
already changes nothing, so a caller need not look first. Moments are cut to whole seconds.
"""

from sla.operations.alarms import sound_alarm
from sla.operations.breaches import explain, explain_all
from sla.operations.clocks import cancel_clocks, meet, pause_clocks, resume_clocks, start_clocks
from sla.operations.editing import (
    create_calendar,
    create_policy,
    edit_calendar,
    edit_policy,
    save_calendar,
    save_policy,
)
from sla.operations.promises import restart, retarget, revive, take_over

__all__ = [
    "cancel_clocks",
    "create_calendar",
    "create_policy",
    "edit_calendar",
    "edit_policy",
    "explain",
    "explain_all",
    "meet",
    "pause_clocks",
    "restart",
    "resume_clocks",
    "retarget",
    "revive",
    "save_calendar",
    "save_policy",
    "sound_alarm",
    "start_clocks",
    "take_over",
]
