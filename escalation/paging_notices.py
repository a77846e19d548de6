"""The words in which people are paged, and the link by which they answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.urls import reverse

from core.accounts.models import User
from core.outbox import queue
from core.outbox.models import Lane, OutgoingMessage
from escalation import paging_queries as queries
from escalation.models import Page
from escalation.paging_rules import Step
from escalation.reaching import Reached, Way

STEP, STALE, GAP, EXHAUSTED = "page.step", "page.stale", "page.gap", "page.exhausted"
TEST = "page.test"
SALT = "escalation.acknowledge"
LINK_LIVES = timedelta(hours=24)
LONGEST_SUBJECT = 77
SECRET_REASON = "Why stands on its page; what it is about is confidential."  # noqa: S105 - a sentence


@dataclass(frozen=True)
class Said:
    """A notice before it is addressed to anybody. `asks` says whether it carries the link to acknowledge."""

    topic: str
    subject: str
    paragraphs: tuple[str, ...]
    asks: str = ""


# --- what is said -----------------------------------------------------------------------------------------
def of_step(page: Page, following: Step | None, next_at: datetime) -> Said:
    """Somebody is needed; who is called when they do not answer, and when."""
    then = (
        f"{_capital(following.words)} will be paged"
        if following
        else "The escalation ends, and the manager hears of it"
    )
    return Said(
        STEP,
        _subject(page),
        (
            *_why(page),
            f"Acknowledge by {clock_time(next_at)}. {then} if nobody does.",
        ),
        asks="Acknowledge",
    )


def of_stale(page: Page, minutes: int, until: datetime) -> Said:
    """The one question to who acknowledged and is not heard of."""
    return Said(
        STALE,
        _subject(page, "Still on it?"),
        (
            f"You acknowledged this {minutes} minutes ago, and it is not done.",
            *_why(page),
            f"Say by {clock_time(until)} that you are still on it, or the escalation goes on.",
        ),
        asks="I am still on it",
    )


def of_gap(page: Page, whom: str) -> Said:
    return Said(
        GAP,
        _subject(page, "Nobody on call"),
        (f"A page found nobody: {whom}. It went on to the next step at once.", *_why(page)),
    )


def of_exhausted(page: Page) -> Said:
    return Said(
        EXHAUSTED,
        _subject(page, "Nobody answered"),
        ("Everybody in the escalation was paged, and nobody acknowledged.", *_why(page)),
        asks="Acknowledge",
    )


def _subject(page: Page, head: str = "") -> str:
    about = queries.about(page)
    what = f"{about.reference}: {about.label}" if about else page.reason
    line = " ".join(f"[{page.reference}] {f'{head}: ' if head else ''}{what}".split())
    return line if len(line) <= LONGEST_SUBJECT else line[: LONGEST_SUBJECT - 1].rstrip() + "…"


def _why(page: Page) -> tuple[str, ...]:
    """What it is about and why, without what only named people may read."""
    about = queries.about(page)
    if about is None:
        return (f"{page.started_by_label} asks for {page.team}: {page.reason}",)
    if about.is_secret:
        return (f"{about.reference}: {about.label}", SECRET_REASON)
    return (f"{about.reference}: {about.label}", f"{page.started_by_label}: {page.reason}", about.url)


# --- to whom ----------------------------------------------------------------------------------------------
def send(page: Page, said: Said, to: Reached, way: Way, *, key: str) -> OutgoingMessage:
    """Queue one notice. The same key again is no second message."""
    link = acknowledge_url(page, to.person) if said.asks and to.person else page_url(page)
    label = said.asks if said.asks and to.person else "Open the page"
    links = [[label, link]]
    about = queries.about(page)
    if about is not None:
        links.append([f"Open {about.reference}", about.url])
    return queue.put(
        lane=Lane.PAGE,
        to=way.to,
        subject=said.subject,
        text="\n\n".join((*said.paragraphs, f"{label}:\n{link}")) + "\n"
        if way.endpoint is None
        else _text(said),
        topic=said.topic,
        about=page,
        about_version=page.acknowledgements,
        dedup_key=f"{page.reference}.{key}.{to.key}.{way.key}",
        endpoint=way.endpoint,
        data={"links": links, "values": _values(page, to)} if way.endpoint else None,
    )


def send_test(to: Reached, way: Way, *, key: str) -> OutgoingMessage:
    """A notice that asks for nothing, to see that a channel works."""
    place = settings.BASE_URL.rstrip("/") + reverse("escalation:channels")
    text = f"This is a test for {to.name}. You would be paged here."
    return queue.put(
        lane=Lane.PAGE,
        to=way.to,
        subject="Test: this is where you would be paged",
        text=text if way.endpoint else f"{text}\n\n{place}\n",
        topic=TEST,
        dedup_key=key,
        endpoint=way.endpoint,
        data={"links": [["How I am paged", place]], "values": _person(to)} if way.endpoint else None,
    )


def _text(said: Said) -> str:
    return "\n\n".join(said.paragraphs)


def _values(page: Page, to: Reached) -> dict[str, str]:
    return {"reference": page.about_ref or page.reference, **_person(to), "team": page.team.name}


def _person(to: Reached) -> dict[str, str]:
    if to.person is None:
        team = to.team
        return {"person": to.name, "phone": team.phone if team else "", "team": to.name}
    return {"person": to.person.display_name, "phone": to.person.phone, "team": str(to.team or "")}


# --- is it still true -------------------------------------------------------------------------------------
def why_not(message: OutgoingMessage) -> str | None:
    """Why a queued notice need not go out any more; None while it should. Asked right before it is sent."""
    page = Page.objects.select_related("acknowledged_by").filter(pk=message.about_id or 0).first()
    if page is None:
        return "The page is gone."
    if message.topic == STALE:
        answered = page.acknowledgements != message.about_version or page.state != Page.State.ACKNOWLEDGED
        return "It was answered, or is over." if answered else None
    if page.state == Page.State.ACKNOWLEDGED and page.acknowledged_by is not None:
        return f"{page.acknowledged_by.display_name} acknowledged it."
    if page.state in (Page.State.CANCELLED, Page.State.RESOLVED):
        return f"{page.reference} is {page.get_state_display().lower()}."
    return None


# --- the link ---------------------------------------------------------------------------------------------
def acknowledge_url(page: Page, person: User) -> str:
    """A link for one page and one person: it shows a button, and the button acknowledges. Lives 24 hours."""
    token = signing.dumps([page.pk, person.pk], salt=SALT, compress=True)
    return settings.BASE_URL.rstrip("/") + reverse("escalation:acknowledge", args=[token])


def read_token(token: str) -> tuple[int, int] | None:
    """(page, person) of a link that we made and that has not run out; else None."""
    try:
        page, person = signing.loads(token, salt=SALT, max_age=LINK_LIVES)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return int(page), int(person)


def page_url(page: Page) -> str:
    return settings.BASE_URL.rstrip("/") + reverse("escalation:page", args=[page.reference])


def clock_time(at: datetime) -> str:
    return f"{at:%H:%M} UTC"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
