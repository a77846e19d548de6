"""The one door to a page, a policy, a channel. Who is behind a step stands in `reaching`."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from core.accounts.models import User
from core.accounts.permissions import Permission, can
from core.audit import trail
from core.audit.models import Event
from core.common import ids
from core.common.actor import Actor
from core.common.errors import NotAllowed, NotFound
from escalation import page_subjects
from escalation.models import EscalationPolicy, Page, PageNotice, PagingChannel, Team
from escalation.page_subjects import About


# --- policies ---------------------------------------------------------------------------------------------
def policies(by: Actor) -> QuerySet[EscalationPolicy]:
    """Every policy the actor sees, with its steps."""
    found: QuerySet[EscalationPolicy] = EscalationPolicy.objects.visible_to(by)
    return found.select_related("team__lead", "team__manager").prefetch_related(
        "steps__targets__team", "steps__targets__person"
    )


def get_policy(pk: int | str, *, by: Actor) -> EscalationPolicy:
    """The policy by its number. Raises NotFound when invisible."""
    found = policies(by).filter(pk=_number(pk)).first()
    if found is None:
        raise NotFound("There is no such escalation policy here.")
    return found


def default_policy(team: Team) -> EscalationPolicy | None:
    return EscalationPolicy.objects.filter(team=team, is_default=True, active=True).first()


# --- pages ------------------------------------------------------------------------------------------------
def pages(by: Actor) -> QuerySet[Page]:
    found: QuerySet[Page] = Page.objects.visible_to(by)
    return found.select_related("team", "policy", "started_by", "acknowledged_by")


def get_page(reference: str, *, by: Actor) -> Page:
    """The page by its reference, PAGE-3. Raises NotFound when invisible."""
    found = pages(by).filter(pk=ids.number_of(str(reference), Page.PREFIX)).first()
    if found is None:
        raise NotFound(f"There is no {str(reference)[:40]} here.")
    return found


def about(page: Page) -> About | None:
    """What a page is about, as it is now."""
    return page_subjects.get(page.about_kind, page.about_id)


def live_pages(kind: str, pk: int) -> QuerySet[Page]:
    """Those about one piece of work that are not over; the caller has checked that the reader may see it."""
    return Page.objects.filter(about_kind=kind, about_id=pk, state__in=Page.LIVE).order_by("pk")


def was_told(page: Page, user_id: int | None) -> bool:
    return user_id is not None and PageNotice.objects.filter(page=page, person_id=user_id).exists()


def story(page: Page) -> list[Event]:
    """What happened, the oldest first. The caller has checked that the reader may see the page."""
    if page.about_kind and page.about_id:
        found = trail.history(page.about_kind, page.about_id)
    else:
        found = trail.history(Page.SUBJECT, page.pk)
    return list(found.filter(name__startswith="page.", data__page=page.reference))


def notices(page: Page) -> QuerySet[PageNotice]:
    """The ledger of one page, with what became of each message."""
    return page.notices.select_related("message", "person").order_by("pk")


# --- by which way -----------------------------------------------------------------------------------------
def channels(*, person: User | None = None, team: Team | None = None) -> QuerySet[PagingChannel]:
    """The channels in use of a person, or of a team."""
    found = PagingChannel.objects.filter(removed_at=None).select_related("endpoint")
    return found.filter(person=person) if person is not None else found.filter(team=team, team__isnull=False)


def channels_set_by(by: Actor) -> QuerySet[PagingChannel]:
    """The channels in use that the actor may set: see `may_set_channels`."""
    found = PagingChannel.objects.filter(removed_at=None)
    if can(by, Permission.MANAGE_DIRECTORY):
        return found
    led = Q(team__lead_id=by.user_id) | Q(team__manager_id=by.user_id) | Q(person_id=by.user_id)
    return (
        found.filter(led) if by.user_id is not None and can(by, Permission.VIEW_DIRECTORY) else found.none()
    )


def _number(pk: int | str) -> int:
    text = str(pk)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def may_set_channels(by: Actor, *, person: User | None, team: Team | None) -> bool:
    """One's own; those of a team for its lead and manager; anybody's for who manages the directory."""
    if can(by, Permission.MANAGE_DIRECTORY):
        return True
    if person is not None:
        return by.user_id == person.pk
    return team is not None and by.user_id is not None and by.user_id in (team.lead_id, team.manager_id)


def may_edit_policies(by: Actor, team: Team) -> bool:
    """The team's lead and manager, and who manages the directory."""
    if can(by, Permission.MANAGE_DIRECTORY):
        return True
    return by.user_id is not None and by.user_id in (team.lead_id, team.manager_id)


def require_policy_editor(by: Actor, team: Team) -> None:
    """Raise NotAllowed, naming who can, for who may not write the team's policies."""
    if not may_edit_policies(by, team):
        raise NotAllowed("Only the team's lead or manager, or who manages the directory, can change this.")
