"""What somebody may not see is absent everywhere: ten kinds of objects, one by one, through every door.

A restricted analyst is not told of a confidential ticket and of whatever hangs on it; a customer is not told of
another customer's work nor of the desk's own. `door` reads the whole answer for the object's own word.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from core.common import clock
from tests import world as worlds
from tickets import operations as tickets
from tickets.models import Ticket
from tickets.operations.saved_views import save_view
from worklog.models import Attachment, Mention, Watcher

WORD, CANARY = "okapiword", "okapisecret"  # one is searched for, the other one is what must not come back
TEXT = f"{WORD} {CANARY}"
LISTS = [
    "/tickets/", "/tickets/?view=all", f"/tickets/?view=all&search={WORD}", "/tickets/?ordering=-created_at&view=all",
    "/tickets/counts/?tabs=1", "/tickets/complete/?q=organisation:", "/my/", f"/search/?q={WORD}",
    f"/search/palette/?q={WORD}", "/incidents/", "/problems/", "/problems/actions/", "/changes/", "/changes/all/",
    "/dashboard/", "/api/v1/tickets/", f"/api/v1/tickets/?search={WORD}", f"/api/v1/search/?q={WORD}",
    "/api/v1/incidents/", "/api/v1/problems/", "/api/v1/actions/", "/api/v1/changes/", "/api/v1/time-entries/",
    "/api/v1/organisations/", "/api/v1/contacts/", "/portal/", "/tickets/export.csv?view=all",
    f"/tickets/export.csv?view=all&search={WORD}", "/tickets/recurring/", "/tickets/macros/", "/api/v1/views/",
    "/api/v1/macros/", "/api/v1/recurring-tickets/",
]  # fmt: skip


@dataclass(frozen=True)
class Hidden:
    """An object, who must not hear of it, and the addresses of the object itself."""

    reader: str
    make: Callable[[SimpleNamespace], list[str]]


def _confidential(w: SimpleNamespace) -> Ticket:
    eli = worlds.by(w.people["eli"])
    made = tickets.create(
        subject=f"Merger {TEXT}", description=TEXT, requester=w.drew, component=w.gateway, confidential=True,
        tags=[CANARY], by=eli,
    )  # fmt: skip
    Ticket.objects.filter(pk=made.pk).update(assignee=w.people["eli"])
    return made


def _ticket(w: SimpleNamespace) -> list[str]:
    ref = _confidential(w).reference
    return [
        f"/tickets/{ref}/", f"/tickets/{ref}/preview/", f"/tickets/{ref}/live/", f"/tickets/{ref}/moves/",
        f"/tickets/{ref}/mentionable/",
        f"/api/v1/tickets/{ref}/", f"/api/v1/tickets/{ref}/history/", f"/api/v1/tickets/{ref}/clocks/",
        f"/api/v1/tickets/{ref}/draft/", f"/api/v1/tickets/{ref}/macro_preview/?macro={w.macro.pk}",
    ]  # fmt: skip


def _entry(w: SimpleNamespace) -> list[str]:
    ref = _confidential(w).reference
    tickets.reply(ref, body=TEXT, public=True, by=worlds.by(w.people["eli"]))
    return [f"/api/v1/tickets/{ref}/entries/"]


def _file(w: SimpleNamespace) -> list[str]:
    ref = _confidential(w).reference
    file = SimpleUploadedFile(f"{CANARY}.txt", CANARY.encode(), "text/plain")
    tickets.reply(ref, body="See the file.", public=True, files=[file], by=worlds.by(w.people["eli"]))
    return [f"/files/{Attachment.objects.latest('pk').pk}/"]


def _time_entry(w: SimpleNamespace) -> list[str]:
    ticket = _confidential(w)
    spent = tickets.log_time(
        ticket.reference, minutes=7, activity="fix", note=TEXT, by=worlds.by(w.people["eli"])
    )
    return [f"/api/v1/time-entries/{spent.pk}/"]


def _link(w: SimpleNamespace) -> list[str]:
    ticket = _confidential(w)
    tickets.link(ticket.reference, to=w.other_ticket.reference, kind="relates", by=worlds.by(w.people["eli"]))
    return []


def _mention(w: SimpleNamespace) -> list[str]:
    """Named in a text on a ticket that they may not see: the page of their work says nothing of it."""
    ticket = _confidential(w)
    Mention.objects.create(subject_kind="ticket", subject_id=ticket.pk, user=w.people["ana"], at=clock.now())
    return []


def _saved_view(w: SimpleNamespace) -> list[str]:
    _confidential(w)
    made = save_view(name=f"Mine {CANARY}", query=f"search={WORD}", by=worlds.by(w.people["eli"]))
    return [
        f"/tickets/views/{made.slug}/", f"/tickets/views/{made.slug}/edit/", f"/api/v1/views/{made.slug}/",
        f"/api/v1/views/{made.slug}/tickets/",
    ]  # fmt: skip


def _incident(w: SimpleNamespace) -> list[str]:
    made = worlds.incidents.declare(title=TEXT, by=worlds.by(w.people["ira"]))
    return [f"/incidents/{made.reference}/", f"/api/v1/incidents/{made.reference}/"]


def _problem(w: SimpleNamespace) -> list[str]:
    made = worlds.problems.open_problem(title=TEXT, by=worlds.by(w.people["pia"]))
    return [f"/problems/{made.reference}/", f"/api/v1/problems/{made.reference}/"]


def _action(w: SimpleNamespace) -> list[str]:
    made = worlds.follow_up.add_action(
        w.problem.reference, title=TEXT, due=date(2030, 1, 7), by=worlds.by(w.people["pia"])
    )
    return [f"/api/v1/actions/{made.pk}/"]


def _change(w: SimpleNamespace) -> list[str]:
    made = worlds.changes.draft(by=worlds.by(w.people["eli"]), **worlds.plan(w, title=TEXT))
    return [f"/changes/{made.reference}/", f"/api/v1/changes/{made.reference}/"]


def _other_customer(w: SimpleNamespace) -> list[str]:
    made = tickets.create(subject=TEXT, requester=w.drew, by=worlds.by(w.people["drew"]))
    return [f"/portal/{made.reference}/", f"/api/v1/tickets/{made.reference}/", f"/tickets/{made.reference}/"]


KINDS = {
    "ticket": Hidden("ana", _ticket),
    "entry": Hidden("ana", _entry),
    "file": Hidden("ana", _file),
    "time entry": Hidden("ana", _time_entry),
    "link": Hidden("ana", _link),
    "mention": Hidden("ana", _mention),
    "saved view": Hidden("ana", _saved_view),
    "incident": Hidden("casey", _incident),
    "problem": Hidden("casey", _problem),
    "action": Hidden("casey", _action),
    "change": Hidden("casey", _change),
    "another customer's ticket": Hidden("casey", _other_customer),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_one_may_not_see_is_nowhere(world: SimpleNamespace, kind: str) -> None:
    hidden = KINDS[kind]
    own = hidden.make(world)
    others = [f"/tickets/{world.other_ticket.reference}/", f"/api/v1/tickets/{world.other_ticket.reference}/"]
    client = Client()
    client.force_login(world.people[hidden.reader])

    found = {path: client.get(path) for path in own}
    assert {path: answer.status_code for path, answer in found.items()} == dict.fromkeys(own, 404)
    told = [path for path in [*LISTS, *others] if CANARY in _read(client, path)]
    assert told == []


@pytest.mark.parametrize("kind", ["ticket", "saved view", "incident", "action", "change"])
def test_who_may_sees_it(world: SimpleNamespace, kind: str) -> None:
    """The word is really there to be found: without this the test above would prove nothing."""
    own = KINDS[kind].make(world)
    client = Client()
    client.force_login(world.people["eli"])
    assert all(client.get(path).status_code == 200 for path in own)
    assert any(CANARY in _read(client, path) for path in LISTS)
    if kind == "ticket":
        assert CANARY in _read(client, "/tickets/export.csv?view=all")


def test_a_count_does_not_tell(world: SimpleNamespace) -> None:
    client = Client()
    client.force_login(world.people["ana"])
    before = {path: _read(client, path) for path in ("/tickets/counts/?tabs=1", "/api/v1/tickets/")}
    _confidential(world)
    assert {path: _read(client, path) for path in before} == before


def test_a_watcher_is_named_and_sees_it(world: SimpleNamespace) -> None:
    ticket = _confidential(world)
    Watcher.objects.create(subject_kind="ticket", subject_id=ticket.pk, user=world.people["ana"])
    client = Client()
    client.force_login(world.people["ana"])
    assert CANARY in _read(client, "/my/") and CANARY in _read(client, f"/search/?q={WORD}")


def _read(client: Client, path: str) -> str:
    answer = client.get(path)
    if answer.status_code != 200:
        return ""
    return (answer.getvalue() if answer.streaming else answer.content).decode()
