"""The whole story once, through the doors that people and programs use: from a mail-sized ticket to a closed change.

Monday 2 March 2026: a mail gate opens the ticket at 09:50, the incident runs from 10:02 to 10:41. The change is
carried out on Thursday 12 March. Everything is an HTTP call by somebody with a session or a token; the workers are
`manage.py tick`, called once a minute while the incident runs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client

from core.accounts import operations as accounts
from core.audit.models import Event
from core.common.actor import Door, system
from tests import world as worlds

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
CASEY, BOSS = "casey@desk.example", "boss@firm.example"
INTERNAL = "The pool of 40 connections is a bad joke."


def at(day: int, clock: str) -> datetime:
    hours, minutes = map(int, clock.split(":"))
    return datetime(2026, 3, day, hours, minutes, tzinfo=UTC)


class Desk:
    """The doors: `page` and `press` as a person in a browser, `call` as a program with a token."""

    def __init__(self, world: SimpleNamespace, traveller: Any) -> None:
        self.world, self.traveller = world, traveller
        self.tokens: dict[str, str] = {}

    def browser(self, who: str) -> Client:
        client = Client()
        client.force_login(self.world.people[who])
        return client

    def page(self, who: str, url: str, status: int = 200) -> str:
        answer = self.browser(who).get(url)
        assert answer.status_code == status, (who, url, answer.status_code)
        return answer.content.decode()

    def press(self, who: str, url: str, **typed: Any) -> str:
        """Send a form; the address of the page that follows."""
        answer = self.browser(who).post(url, typed)
        assert answer.status_code == 302, (who, url, answer.status_code, _said(answer))
        return answer["Location"]

    def refused(self, who: str, url: str, code: int, /, **typed: Any) -> str:
        answer = self.browser(who).post(url, typed)
        assert answer.status_code == code, (who, url, answer.status_code, _said(answer))
        return answer.content.decode()

    def call(self, who: str, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        if who not in self.tokens:
            _, self.tokens[who] = accounts.create_token(who, "story", by=system(door=Door.CLI))
        answer = Client().generic(
            method, f"/api/v1{path}", json.dumps(body) if body is not None else "", content_type="application/json",
            headers={"Authorization": f"Bearer {self.tokens[who]}"},
        )  # fmt: skip
        assert answer.status_code == status, (who, method, path, answer.status_code, answer.content[:500])
        return answer.json()

    def go(self, moment: datetime) -> None:
        self.traveller.move_to(moment)

    def tick_until(self, moment: datetime) -> None:
        """The workers, once a minute."""
        now = datetime.now(UTC)
        while now <= moment:
            self.go(now)
            call_command("tick", verbosity=0)
            now += timedelta(minutes=1)
        self.go(moment)


def _said(answer: HttpResponse) -> str:
    text = answer.content.decode()
    return text[text.find('class="err') :][:600] if 'class="err' in text else text[-600:]


@pytest.fixture
def desk(db: None, tmp_path: Any, settings: Any) -> Iterator[Desk]:
    settings.FILES_DIR = tmp_path
    with time_machine.travel(at(2, "09:50"), tick=False) as traveller:
        yield Desk(worlds.ground(), traveller)


def subjects(to: str, words: str = "") -> list[str]:
    """The subjects of what was really sent to somebody."""
    return [message.subject for message in mail.outbox if to in message.to and words in message.subject]


def test_from_a_mail_to_a_closed_change(desk: Desk) -> None:
    ticket = a_mail_becomes_a_ticket(desk)
    the_first_line_triages_replies_and_escalates(desk, ticket)
    incident = the_second_line_declares_an_incident(desk, ticket)
    updates_go_out_by_themselves_until_a_person_writes(desk, incident)
    the_commander_restores_the_service(desk, incident)
    problem = the_cause_is_found(desk, incident)
    change = a_change_is_planned_and_approved(desk, problem)
    the_change_is_carried_out_and_checked(desk, change)
    everything_is_closed(desk, ticket, incident, problem, change)
    each_sees_what_is_theirs(desk, ticket, incident, problem, change)


def a_mail_becomes_a_ticket(desk: Desk) -> str:
    made = desk.call("bot", "POST", "/tickets/", {
        "subject": "Card payments rejected", "description": "Since 09:40 every card fails. " * 40,
        "channel": "email", "requester": CASEY, "component": "gateway", "impact": "high", "urgency": "high",
    }, 201)  # fmt: skip
    desk.tick_until(at(2, "09:51"))

    ref = made["reference"]
    assert (made["priority"], made["tier"], made["status"], made["team"]) == ("P0", 1, "new", "front-line")
    assert made["organisation"] == "acme" and made["due_at"]
    assert [ref in subject for subject in subjects(CASEY)] == [True]  # one acknowledgement
    assert "every card fails" not in mail.outbox[-1].body  # that carries none of the sender's text
    clocks = {clock["goal"]: clock for clock in desk.call("ana", "GET", f"/tickets/{ref}/clocks/")}
    assert clocks["first_response"]["target_minutes"] == 10
    return ref


def the_first_line_triages_replies_and_escalates(desk: Desk, ref: str) -> None:
    desk.go(at(2, "09:55"))
    queue = desk.page("ana", "/tickets/")
    assert ref in queue and "Card payments rejected" in queue
    desk.press("ana", f"/tickets/{ref}/take/")
    desk.refused("eli", f"/tickets/{ref}/take/", 409)
    desk.press("ana", f"/tickets/{ref}/reply/", kind="reply", text="We see it too and look into it.")
    desk.tick_until(at(2, "09:56"))  # it can be taken back for some seconds; then it leaves
    desk.press("ana", f"/tickets/{ref}/reply/", kind="note", text=INTERNAL)
    short = desk.refused("ana", f"/tickets/{ref}/escalate/", 400, from_tier=1, summary="Cards fail")
    assert "Cards fail" in short  # the typed text is kept
    desk.press(
        "ana", f"/tickets/{ref}/escalate/", from_tier=1, summary="All cards fail since 09:40", no_sop="on",
        business_impact="No sales in any shop", tried="Restarted the adapter; no change",
    )  # fmt: skip
    desk.refused(
        "ana",
        f"/tickets/{ref}/escalate/",
        409,
        from_tier=1,
        summary="again",
        no_sop="on",
        business_impact="x",
        tried="x",
    )
    desk.tick_until(at(2, "09:57"))

    now = desk.call("eli", "GET", f"/tickets/{ref}/")
    assert (now["tier"], now["team"], now["assignee"], now["status"]) == (2, "payments", "eli", "open")
    assert now["first_responded_at"] == "2026-03-02T09:56:00Z"
    assert len(subjects(CASEY)) == 2  # the acknowledgement and the reply, not the note
    assert sum(ref in subject for subject in subjects("eli@desk.example")) == 1  # beside the notice of a turn


def the_second_line_declares_an_incident(desk: Desk, ticket: str) -> str:
    desk.go(at(2, "10:02"))
    assert "Restarted the adapter" in desk.page("eli", f"/tickets/{ticket}/")
    declaring = desk.page("eli", f"/incidents/declare/?ticket={ticket}")
    key = declaring.split('name="form_key" value="')[1].split('"')[0]
    form = {"title": "Card payments fail", "form_key": key}
    place = desk.press("eli", f"/incidents/declare/?ticket={ticket}", **form)
    assert desk.press("eli", f"/incidents/declare/?ticket={ticket}", **form) == place  # pressed twice
    call_command("tick", verbosity=0)

    incident = place.rstrip("/").rpartition("/")[2]
    for stakeholder in (BOSS, CASEY):
        acknowledged = subjects(stakeholder, incident)
        assert len(acknowledged) == 1, acknowledged
    shown = desk.call("kim", "GET", f"/incidents/{incident}/")
    assert (shown["status"], shown["tickets"], shown["applications"]) == ("declared", [ticket], ["payments"])
    assert shown["next_update_due_at"] == "2026-03-02T10:17:00Z"
    assert incident in desk.page("ana", f"/tickets/{ticket}/")
    return incident


def updates_go_out_by_themselves_until_a_person_writes(desk: Desk, incident: str) -> None:
    desk.press("ira", f"/incidents/{incident}/acknowledge/")
    desk.press("ira", f"/incidents/{incident}/assign_roles/", commander="ira", communications_lead="ana")
    desk.tick_until(at(2, "10:16"))
    told = subjects("ana@desk.example", incident)
    assert sum("is due at" in subject for subject in told) == 1  # reminded at 10:12
    assert len(subjects(BOSS, incident)) == 1

    desk.tick_until(at(2, "10:20"))
    assert len(subjects(BOSS, incident)) == 2  # the holding update of 10:17
    page = desk.page("ana", f"/incidents/{incident}/")
    number = page.split('name="number" value="')[1].split('"')[0]
    form = {
        "number": number,
        "status": "identified",
        "what": "Cards fail in all shops.",
        "affected": "Shops.",
        "doing": "A larger pool.",
    }
    desk.press("ana", f"/incidents/{incident}/update/", **form)
    desk.refused("ana", f"/incidents/{incident}/update/", 409, **form)  # a second click sends nothing
    desk.tick_until(at(2, "10:34"))
    assert len(subjects(BOSS, incident)) == 3  # the next one is due at 10:35, not at 10:32
    desk.tick_until(at(2, "10:36"))
    assert len(subjects(BOSS, incident)) == 4

    ledger = desk.call("kim", "GET", f"/incidents/{incident}/updates/")["results"]
    assert [(row["number"], row["kind"], row["sent_at"][11:16], row["late_seconds"]) for row in ledger] == [
        (1, "acknowledgement", "10:02", 0), (2, "holding", "10:17", 0), (3, "update", "10:20", 0),
        (4, "holding", "10:35", 0),
    ]  # fmt: skip


def the_commander_restores_the_service(desk: Desk, incident: str) -> None:
    desk.go(at(2, "10:41"))
    desk.refused("eli", f"/incidents/{incident}/restore/", 403, body="It works.", severity="SEV1")
    desk.refused("ira", f"/incidents/{incident}/restore/", 400, body="It works.")  # no severity yet
    desk.press("ira", f"/incidents/{incident}/restore/", body="Cards work again.", severity="SEV1")
    desk.tick_until(at(2, "11:30"))

    to_boss = subjects(BOSS, incident)
    assert len(to_boss) == 5  # one notice, and the cadence has ended
    assert "restored" in to_boss[-1].lower()
    assert desk.call("kim", "GET", f"/incidents/{incident}/")["next_update_due_at"] is None


def the_cause_is_found(desk: Desk, incident: str) -> str:
    place = desk.press(
        "pia", f"/problems/from/{incident}/", title="Connection pool runs dry", source="incident"
    )
    problem = place.rstrip("/").rpartition("/")[2]
    desk.refused("ana", f"/problems/from/{incident}/", 409, source="incident")
    desk.press("pia", f"/problems/{problem}/investigate/")
    desk.refused("pia", f"/problems/{problem}/resolve/", 409)
    desk.press(
        "pia", f"/problems/{problem}/root_cause/", category="configuration", statement="40 connections for 60 workers.",
        why1="The pool was never sized.",
    )  # fmt: skip
    desk.press(
        "pia",
        f"/problems/{problem}/add_action/",
        title="Alert at 80 %",
        owner="eli",
        due="2026-03-20",
        priority="P2",
    )
    shown = desk.call("eli", "GET", f"/problems/{problem}/")
    assert (shown["status"], shown["incidents"]) == ("known_error", [incident])
    [action] = desk.call("eli", "GET", f"/problems/{problem}/actions/")["results"]
    for verb in ("accept", "start"):
        desk.press("eli", f"/problems/actions/{action['id']}/{verb}/")
    return problem


def a_change_is_planned_and_approved(desk: Desk, problem: str) -> str:
    form = {
        "title": "Larger pool", "type": "normal", "description": "Pool of 80.", "need": "It runs dry.",
        "problem": problem,
        "applications": "payments", "responsible": "eli", "planned_start": "2026-03-12T09:00",
        "planned_end": "2026-03-12T10:00", "implementation_plan": "Deploy.", "backout_plan": "Deploy the old one.",
        "validation_plan": "Pay one euro.", **{f"risk_{name}": value for name, value in worlds.RISK_ANSWERS.items()},
    }  # fmt: skip
    place = desk.press("eli", "/changes/new/", **form)
    change = place.rstrip("/").rpartition("/")[2]
    desk.press("pia", f"/problems/{problem}/plan_fix/", fix_kind="patch", changes=change)
    desk.press("eli", f"/changes/{change}/submit/")
    desk.tick_until(at(2, "11:32"))
    assert [change in subject for subject in subjects("cho@desk.example")] == [True]

    desk.refused("eli", f"/changes/{change}/approve/", 403)
    desk.press("cho", f"/changes/{change}/approve/", note="Sound.")
    desk.press("eli", f"/changes/{change}/schedule/")
    shown = desk.call("ana", "GET", f"/changes/{change}/")
    assert shown["status"] == "scheduled"
    assert not desk.call("ana", "GET", f"/changes/{change}/may-start/")["may_start"]
    assert change in desk.page("ana", "/changes/?week=2026-03-12")
    return change


def the_change_is_carried_out_and_checked(desk: Desk, change: str) -> None:
    desk.refused("eli", f"/changes/{change}/start/", 409)  # ten days early
    desk.go(at(12, "09:00"))
    assert desk.call("ana", "GET", f"/changes/{change}/may-start/")["may_start"]
    desk.press("eli", f"/changes/{change}/start/")
    desk.press("eli", f"/changes/{change}/finish/", note="Deployed.")
    desk.refused("eli", f"/changes/{change}/validate/", 403, result="passed")
    desk.press("ana", f"/changes/{change}/validate/", result="passed", note="One euro paid.")
    desk.press("ana", f"/changes/{change}/close/", outcome="successful")

    shown = desk.call("cho", "GET", f"/changes/{change}/")
    assert (shown["status"], shown["outcome"], shown["validated_by"]) == ("closed", "successful", "ana")


def everything_is_closed(desk: Desk, ticket: str, incident: str, problem: str, change: str) -> None:
    [action] = desk.call("eli", "GET", f"/problems/{problem}/actions/")["results"]
    desk.press("pia", f"/problems/{problem}/resolve/")
    desk.refused("pia", f"/problems/{problem}/close/", 409)  # an action is still open
    desk.press("eli", f"/problems/actions/{action['id']}/done/")
    desk.press("pia", f"/problems/{problem}/close/")
    the_post_mortem_is_written(desk, incident)
    desk.press("ira", f"/incidents/{incident}/close/")
    desk.refused(
        "eli", f"/tickets/{ticket}/resolve/", 400, code="fixed", note="A larger pool."
    )  # it was late: why?
    desk.press(
        "eli", f"/tickets/{ticket}/resolve/", code="fixed", note="A larger pool is in.", minutes=90,
        breach_cause="change", breach_note="The fix needed a change.",
    )  # fmt: skip
    desk.tick_until(at(12, "09:02"))
    desk.press("ana", f"/tickets/{ticket}/close/")

    shown = desk.call("casey", "GET", f"/tickets/{ticket}/")
    assert shown["status"] == "closed"
    assert desk.call("ana", "GET", f"/tickets/{ticket}/")["resolution_code"] == "fixed"
    assert "A larger pool is in." in next(
        message.body for message in reversed(mail.outbox) if CASEY in message.to
    )
    links = desk.call("ana", "GET", f"/incidents/{incident}/")
    assert (links["tickets"], links["problem"]) == ([ticket], problem)
    assert desk.call("ana", "GET", f"/problems/{problem}/")["changes"] == [change]


def the_post_mortem_is_written(desk: Desk, incident: str) -> None:
    here = f"/incidents/{incident}/"
    said = desk.refused("ira", f"{here}close/", 409)
    assert f"{here}impact/" in said and f"{here}postmortem/" in said
    row = {
        "form-TOTAL_FORMS": 1,
        "form-INITIAL_FORMS": 0,
        "form-0-application": "payments",
        "form-0-share": "30",
    }
    desk.press("ira", f"{here}impact/", do="save", number=0, **row)
    desk.press("ira", f"{here}postmortem/begin/")
    version = desk.call("ira", "GET", f"/incidents/{incident}/postmortem/")["version"]
    desk.press(
        "ira", f"{here}postmortem/edit/", version=version, summary="Cards failed.", root_cause="A small pool."
    )
    desk.press("ira", f"{here}postmortem/publish/", version=version + 1)
    shown = desk.call("ira", "GET", f"/incidents/{incident}/postmortem/")
    assert (shown["status"], len(shown["actions"])) == ("published", 1)
    desk.page("casey", f"{here}postmortem/", 404)


def each_sees_what_is_theirs(desk: Desk, ticket: str, incident: str, problem: str, change: str) -> None:
    for who in ("casey", "drew"):
        for url in (
            f"/tickets/{ticket}/",
            f"/incidents/{incident}/",
            f"/problems/{problem}/",
            f"/changes/{change}/",
        ):
            desk.page(who, url, 404)
    desk.call("drew", "GET", f"/tickets/{ticket}/", status=404)
    said = [entry["body"] for entry in desk.call("casey", "GET", f"/tickets/{ticket}/entries/")["results"]]
    assert [body.partition("\n")[0] for body in said] == [
        "We see it too and look into it.",
        "Cards work again.",  # the answer to whoever asked, when the service was restored
        "A larger pool is in.",
    ]
    assert INTERNAL in desk.page("lea", f"/tickets/{ticket}/")
    assert INTERNAL not in desk.page("kim", f"/tickets/{ticket}/")
    for message in mail.outbox:
        if {CASEY, BOSS} & set(message.to):
            source = message.message().as_string()
            assert "bad joke" not in source and "Restarted the adapter" not in source
    desk.page("kim", f"/problems/{problem}/", 403)

    for name, ref, verbs in (
        ("ticket", ticket, ["created", "taken", "replied", "noted", "escalated", "resolved", "closed"]),
        ("incident", incident, ["declared", "acknowledged", "updated", "restored", "closed"]),
        ("problem", problem, ["opened", "investigated", "root_cause_stated", "fix_planned", "resolved", "closed"]),
        ("change", change, ["drafted", "submitted", "approved", "scheduled", "started", "validated", "closed"]),
    ):  # fmt: skip
        told = list(Event.objects.filter(subject_ref=ref).order_by("id").values_list("name", flat=True))
        wanted = [f"{name}.{verb}" for verb in verbs]
        assert [event for event in dict.fromkeys(told) if event in wanted] == wanted
    doors = set(Event.objects.filter(subject_ref=ticket).values_list("door", flat=True))
    assert {"api", "web"} <= doors
