"""Pure decisions about swaps: what can be offered, who may take or withdraw it, and how long it stands."""

from __future__ import annotations

from datetime import datetime

from core.accounts.permissions import Permission, can
from core.common.actor import Actor
from core.common.errors import NotAllowed, RuleBroken
from escalation.models import Swap


def check_times(starts_at: datetime, ends_at: datetime, now: datetime, prefix: str = "") -> None:
    """A stretch ends after it starts, and lies ahead."""
    if ends_at <= starts_at:
        raise RuleBroken("The shift must end after it starts.", field=f"{prefix}ends_at")
    if ends_at <= now:
        raise RuleBroken("The shift lies in the past, which stays what it was.", field=f"{prefix}ends_at")


def expiry(starts_at: datetime, ends_at: datetime, now: datetime) -> datetime:
    """An offer stands until its shift begins; one of a running shift until that ends."""
    return starts_at if starts_at > now else ends_at


def may_take(swap: Swap, by: Actor, team_people: set[int]) -> bool:
    """The one asked, or anybody of the team when it was offered to all; never who gives it away."""
    if by.user_id is None or by.user_id == swap.asked_by_id:
        return False
    return by.user_id in ({swap.asked_of_id} if swap.asked_of_id else team_people)


def check_may_take(swap: Swap, by: Actor, team_people: set[int]) -> None:
    """Raises NotAllowed where `may_take` says no."""
    if by.user_id is None or by.user_id == swap.asked_by_id:
        raise NotAllowed("Somebody else takes this shift, or you withdraw the offer.")
    if not may_take(swap, by, team_people):
        raise NotAllowed("Only who was asked can take this shift.")


def why_closed(swap: Swap, by: Actor) -> str:
    """What became of an offer that stands no more, for who came too late."""
    if swap.state == Swap.State.TAKEN and swap.taken_by is not None:
        who = (
            "you took it already"
            if swap.taken_by_id == by.user_id
            else f"{swap.taken_by.display_name} was first"
        )
    elif swap.state == Swap.State.WITHDRAWN:
        who = "it was withdrawn"
    else:
        who = "its time is over"
    return f"This shift is not on offer any more: {who}."


def may_withdraw(swap: Swap, by: Actor) -> bool:
    """Who offered it, who was asked, the team's lead and manager, and managers of the directory."""
    team = swap.rotation.team
    people = {swap.asked_by_id, swap.asked_of_id, team.lead_id, team.manager_id}
    return by.user_id is not None and (by.user_id in people or can(by, Permission.MANAGE_DIRECTORY))


def check_may_withdraw(swap: Swap, by: Actor) -> None:
    """Raises NotAllowed where `may_withdraw` says no."""
    if not may_withdraw(swap, by):
        raise NotAllowed("Only who offered this shift, who was asked, or the team's lead can withdraw it.")
