"""The only writers of tickets.

Each verb finds the ticket for the actor, checks the rules, makes one conditional update and records one event.
"""

from tickets.operations.confidential import name_person, unname_person
from tickets.operations.conversation import add_note, reply
from tickets.operations.environment import answer_environment
from tickets.operations.facts import create, edit, link, log_time, set_priority, tag
from tickets.operations.families import Outcome, close_family, resolve_family, set_parent, unlink
from tickets.operations.handing import set_communication_owner
from tickets.operations.held import poke_if_due, send_now, send_soon, take_back
from tickets.operations.lifecycle import close, hold, reopen, resolve, resume, wait
from tickets.operations.macros import edit_macro, preview_macro, save_macro, use_macro
from tickets.operations.merging import merge, undo_merge
from tickets.operations.moving import assign, escalate, hand_back, take
from tickets.operations.personal import keep_draft, saw, unwatch, watch
from tickets.operations.splitting import split
from tickets.operations.timekeeping import delete_time, discard_timer, start_timer, stop_timer

__all__ = [
    "Outcome", "add_note", "answer_environment", "assign", "close", "close_family", "create", "delete_time",
    "discard_timer", "edit", "edit_macro", "escalate", "hand_back", "hold", "keep_draft", "link", "log_time",
    "merge", "name_person", "poke_if_due", "preview_macro", "reopen", "reply", "resolve", "resolve_family",
    "resume", "save_macro", "saw", "send_now", "send_soon",
    "set_communication_owner", "set_parent", "set_priority", "split", "start_timer",
    "stop_timer", "tag", "take", "take_back", "undo_merge", "unlink", "unname_person", "unwatch", "use_macro",
    "wait", "watch",
]  # fmt: skip
