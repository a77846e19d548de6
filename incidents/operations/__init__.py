"""The only writers of incidents. One verb, one function, one transaction."""

from incidents.operations.approving import approve, send_back, set_approval, take_back
from incidents.operations.assessing import assess_impact
from incidents.operations.correcting import correct, edit_quietly
from incidents.operations.declaring import declare, declare_from_ticket
from incidents.operations.families import set_parent
from incidents.operations.informing import declare_restored, keep_draft, no_change, reopen, send_update
from incidents.operations.linking import answer_ticket, give_answer, link_work, note_work, unlink_work
from incidents.operations.merging import merge, undo_merge
from incidents.operations.postmortems import (
    add_follow_up,
    begin_postmortem,
    chase_postmortem,
    edit_postmortem,
    publish_postmortem,
    waive_postmortem,
)
from incidents.operations.roles import ROLES, assign_roles, hand_over, take_role
from incidents.operations.running import (
    acknowledge,
    add_entry,
    close,
    edit,
    note_event,
    set_cadence,
    set_status,
)
from incidents.operations.snoozing import snooze
from incidents.operations.suspecting import clear_change, suspect_change
from incidents.operations.telling import add_webhook, check_delivery, subscribe, unsubscribe, unsubscribed
from incidents.operations.templates import built_in_again, save_template
from incidents.operations.timed import fall_due, remind

__all__ = [
    "ROLES",
    "acknowledge",
    "add_entry",
    "add_follow_up",
    "add_webhook",
    "answer_ticket",
    "approve",
    "assess_impact",
    "assign_roles",
    "begin_postmortem",
    "built_in_again",
    "chase_postmortem",
    "check_delivery",
    "clear_change",
    "close",
    "correct",
    "declare",
    "declare_from_ticket",
    "declare_restored",
    "edit",
    "edit_postmortem",
    "edit_quietly",
    "fall_due",
    "give_answer",
    "hand_over",
    "keep_draft",
    "link_work",
    "merge",
    "no_change",
    "note_event",
    "note_work",
    "publish_postmortem",
    "remind",
    "reopen",
    "save_template",
    "send_back",
    "send_update",
    "set_approval",
    "set_cadence",
    "set_parent",
    "set_status",
    "snooze",
    "subscribe",
    "suspect_change",
    "take_back",
    "take_role",
    "undo_merge",
    "unlink_work",
    "unsubscribe",
    "unsubscribed",
    "waive_postmortem",
]
