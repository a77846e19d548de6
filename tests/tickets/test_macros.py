"""Macros: written with checked variables, seen before they are used, applied through the ticket's verbs."""

import pytest

from core.audit.models import Event
from core.common.errors import Conflict, Invalid, NotAllowed, Stale
from tickets import operations, queries, variables
from tickets.models import Macro, Ticket
from worklog import queries as worklog

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(by, max_):
    return by(max_)


@pytest.fixture
def hello(lead, desk):
    return operations.save_macro(
        name="Hello", text="Dear {requester.first_name}, about {ticket.reference}.\n{me.name}",
        changes={
            "priority": "P1", "reason": "Card outage", "assignee": "me", "team": "team-2", "tags": ["cards"],
            "status": "waiting",
        },
        by=lead,
    )  # fmt: skip


def test_a_value_is_put_in_once_and_never_looked_at_again():
    values = {"requester.name": "{me.name}", "me.name": "Ana"}
    assert variables.fill("{requester.name}, { ME.name } {other}", values) == "{me.name}, Ana {other}"


def test_two_braces_are_as_good_as_one():
    assert variables.fill("{{ me.name }}{me.name}{{{me.name}}}", {"me.name": "Ana"}) == "AnaAna{Ana}"
    assert variables.unknown("{{ me.age }}", ["me.name"]) == ["Not known: {me.age}. Use: {me.name}."]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"text": "Dear {requester.nmae}"}, "text"),
        ({"text": "{ticket.__class__}"}, "text"),
        ({"text": ""}, "text"),
        ({"name": " "}, "name"),
        ({"changes": {"status": "resolved", "code": "fixed"}, "public": False}, "status"),
        ({"changes": {"status": "resolved"}}, "code"),
        ({"changes": {"status": "on_hold", "reason": "x"}}, "hold_reason"),
        ({"changes": {"priority": "P1"}}, "reason"),
        ({"changes": {"team": "nowhere"}}, "team"),
    ],
)
def test_what_could_not_be_used_is_refused_when_saved(lead, desk, wrong, field):
    with pytest.raises(Invalid) as refused:
        operations.save_macro(**{"name": "Hello", "text": "Hello", **wrong}, by=lead)
    assert field in refused.value.errors
    assert Macro.objects.count() == 0


def test_analysts_use_macros_and_managers_write_them(by, ana, desk):
    with pytest.raises(NotAllowed):
        operations.save_macro(name="Mine", text="x", by=by(ana))


def test_two_who_edit_the_same_macro(lead, hello):
    operations.save_macro(hello.pk, name="Hello", text="Newer", if_version=hello.version, by=lead)
    with pytest.raises(Stale):
        operations.save_macro(hello.pk, name="Hello", text="Older", if_version=hello.version, by=lead)


def test_the_preview_says_what_will_change_and_changes_nothing(ticket, hello, by, ana):
    used = operations.preview_macro(ticket.reference, macro=hello, by=by(ana))
    assert used.text == "Dear Casey, about TKT-1.\nAna Alves"
    assert used.words == [
        "Priority P2 → P1", "Team Front line → Payments", "Person nobody → Ana Alves", "Tags + cards",
    ]  # fmt: skip
    assert used.then == "waiting"
    assert Ticket.objects.get().priority == "P2"


def test_using_it_changes_the_fields_through_the_verbs_and_fills_the_box(ticket, hello, by, ana):
    operations.keep_draft(ticket.reference, form="reply", text="I looked.", by=by(ana))
    operations.use_macro(ticket.reference, macro=hello, by=by(ana))
    found = Ticket.objects.get()
    assert (found.priority, found.assignee, found.team.slug, found.tags) == ("P1", ana, "team-2", ["cards"])
    assert found.status == "open"  # waiting belongs to the reply
    draft = worklog.draft_of(ticket, by(ana))
    assert draft.text.startswith("I looked.\n\nDear Casey")
    names = set(Event.objects.values_list("name", flat=True))
    assert {"ticket.assigned", "ticket.updated", "ticket.priority_set", "ticket.macro_used"} <= names


def test_all_or_nothing(ticket, hello, by, ana, monkeypatch):
    def refuse(*args, **kwargs):
        raise Conflict("Not now.")

    monkeypatch.setattr("tickets.operations.facts.set_priority", refuse)
    with pytest.raises(Conflict):
        operations.use_macro(ticket.reference, macro=hello, by=by(ana))
    assert Ticket.objects.get().tags == []


def test_used_twice_it_changes_nothing_twice(ticket, hello, by, ana):
    operations.use_macro(ticket.reference, macro=hello, by=by(ana))
    assert operations.use_macro(ticket.reference, macro=hello, by=by(ana)).words == []


def test_a_note_macro_becomes_a_note_and_hold_happens_at_once(ticket, lead, by, ana):
    vendor = operations.save_macro(
        name="Vendor", text="Asked the vendor.", public=False,
        changes={"status": "on_hold", "hold_reason": "vendor", "reason": "Their gateway"}, by=lead,
    )  # fmt: skip
    operations.use_macro(ticket.reference, macro=vendor, by=by(ana))
    assert Ticket.objects.get().status == "on_hold"
    assert worklog.draft_of(ticket, by(ana)).form == "note"


def test_a_teams_macro_is_the_teams(desk, lead, by, ana, eli):
    operations.save_macro(name="L2", text="x", team=desk.teams[1], by=lead)
    assert [macro.name for macro in queries.macros(by(eli))] == ["L2"]
    assert not queries.macros(by(ana)).exists()


def test_the_pages(client, ticket, hello, max_):
    client.force_login(max_)
    assert "Hello" in client.get("/tickets/macros/").content.decode()
    data = {
        "name": "Bye",
        "text": "Bye {requester.name}",
        "public": "1",
        "active": "on",
        "example": ticket.reference,
    }
    page = client.post("/tickets/macros/new/", {**data, "preview": "1"})
    assert "Bye Casey Cole" in page.content.decode()
    assert Macro.objects.count() == 1
    assert client.post("/tickets/macros/new/", data).url == "/tickets/macros/"
    wrong = client.post("/tickets/macros/new/", {**data, "text": "{oops}"})
    assert (wrong.status_code, "Not known: {oops}" in wrong.content.decode()) == (400, True)
    made = Macro.objects.get(name="Bye")
    assert client.get(f"/tickets/macros/{made.pk}/").status_code == 200
    client.post(f"/tickets/macros/{made.pk}/", {**data, "active": "", "version": made.version})
    assert not Macro.objects.get(name="Bye").active


def test_from_the_menu_into_the_box(client, ticket, hello, ana):
    client.force_login(ana)
    place = f"/tickets/{ticket.reference}/"
    assert "Hello" in client.get(f"{place}?open=macro").content.decode()
    assert "Priority P2 → P1" in client.get(f"{place}?open=macro&macro={hello.pk}").content.decode()
    answer = client.post(f"{place}macro/", {"macro": hello.pk, "typed": "Typed just now"})
    page = client.get(answer.url.partition("#")[0]).content.decode()
    assert "Typed just now\n\nDear Casey" in page
    assert '<option value="waiting" selected>' in page
