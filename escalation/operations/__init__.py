"""The only writers of the directory."""

from escalation.operations.channels import add_channel, remove_channel, try_channel
from escalation.operations.directory import create_team, edit_team, review_team
from escalation.operations.feeds import create_feed, note_read, renew_feed, revoke_feed
from escalation.operations.importing import import_directory
from escalation.operations.paging import (
    acknowledge,
    acknowledge_by_link,
    cancel,
    linked,
    page,
    page_once,
    subject_finished,
)
from escalation.operations.people import edit_person, review_person
from escalation.operations.policies import create_policy, edit_policy, ensure_default
from escalation.operations.rotations import add_override, cancel_override, create_rotation, edit_rotation
from escalation.operations.stepping import fall_due
from escalation.operations.swaps import ask_swap, take_swap, withdraw_swap
from escalation.operations.tiers import add_tier, edit_tier, remove_tier

__all__ = [
    "acknowledge", "acknowledge_by_link", "add_channel", "add_override", "add_tier", "ask_swap", "cancel",
    "cancel_override", "create_feed", "create_policy", "create_rotation", "create_team", "edit_person",
    "edit_policy", "edit_rotation", "edit_team", "edit_tier", "ensure_default", "fall_due", "import_directory",
    "linked", "note_read", "page", "page_once", "remove_channel", "remove_tier", "renew_feed", "review_person",
    "review_team", "revoke_feed", "subject_finished", "take_swap", "try_channel", "withdraw_swap",
]  # fmt: skip
