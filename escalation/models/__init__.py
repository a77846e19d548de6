"""The escalation directory: who owns what, and whose turn it is."""

from escalation.models.directory import Card, DirectoryQuerySet, Membership, Reviewed, Team, check_zone
from escalation.models.feeds import CalendarFeed
from escalation.models.paging import EscalationPolicy, Page, PageNotice, PagingChannel, PolicyStep, StepTarget
from escalation.models.rosters import Duty, Gap, Roster, Shift
from escalation.models.rotations import Override, Rotation, RotationMember
from escalation.models.swaps import Swap
from escalation.models.tiers import MOST_TIERS, Tier

__all__ = [
    "MOST_TIERS", "CalendarFeed", "Card", "DirectoryQuerySet", "Duty", "EscalationPolicy", "Gap", "Membership",
    "Override", "Page", "PageNotice", "PagingChannel", "PolicyStep", "Reviewed", "Roster", "Rotation",
    "RotationMember", "Shift", "StepTarget", "Swap", "Team", "Tier", "check_zone",
]  # fmt: skip
