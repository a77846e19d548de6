"""The post-mortem: what it is made of, that its facts stand, what closing needs, and that its owner is chased."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from pypdf import PdfReader

from catalogue.models import Application
from changes import operations as changes
from core.audit import trail
from core.common.errors import Conflict, NotAllowed, NotFound, RuleBroken, Stale
from core.outbox import relevance
from core.outbox.models import OutgoingMessage
from core.timers import sweeps
from customers.models import Organisation
from incidents import closing, operations, postmortem_pdf, postmortem_rules, postmortems
from incidents.models import Incident, Postmortem
from problems import follow_up
from problems import operations as problems
from problems.models import Problem
from sla.calendars import hours_from
from sla.models import business_week
from tests.incidents.conftest import at, finish
from tickets import operations as tickets
from tickets.models import Ticket

TEXT = {"summary": "Cards failed for an hour.", "root_cause": "The pool ran dry."}


def reload(incident: Incident) -> Incident:
    return Incident.objects.get(pk=incident.pk)


@pytest.fixture
def restored(declared: Incident, traveller: Any, ira: Any, by: Any) -> Incident:
    """From 10:02 to 10:40 on Monday 2 March, SEV2, commanded by Ira."""
    me = by(ira)
    operations.take_role(declared.reference, role="commander", by=me)
    operations.add_entry(declared.reference, body="Node 3 is out", by=me)
    operations.add_entry(declared.reference, body="Drain it", kind="decision", by=me)
    traveller.move_to(at("10:40"))
    return operations.declare_restored(declared.reference, body="Works", severity="SEV2", by=me)


@pytest.fixture
def draft(restored: Incident, ira: Any, by: Any) -> Incident:
    operations.begin_postmortem(restored.reference, by=by(ira))
    operations.edit_postmortem(restored.reference, changes=TEXT, by=by(ira))
    return restored


@pytest.fixture
def published(draft: Incident, ira: Any, by: Any) -> Incident:
    operations.publish_postmortem(draft.reference, by=by(ira))
    return draft


def pdf_text(content: bytes) -> tuple[str, int]:
    reader = PdfReader(BytesIO(content))
    return " ".join(" ".join(page.extract_text().split()) for page in reader.pages), len(reader.pages)


# --- owed and begun ---------------------------------------------------------------------------------------
def test_restoring_a_sev2_owes_one_to_its_commander_in_five_business_days(
    restored: Incident, ira: Any
) -> None:
    found = Postmortem.objects.get()
    assert (found.status, found.owner) == ("owed", ira)
    assert found.due_at == found.next_chase_at == datetime(2026, 3, 9, 10, 40, tzinfo=UTC)


@pytest.mark.parametrize(("severity", "drill"), [("SEV3", False), ("SEV4", False), ("SEV1", True)])
def test_others_owe_none(
    severity: str, drill: bool, traveller: Any, payments: Application, ira: Any, by: Any
) -> None:
    made = operations.declare(title="x", severity=severity, drill=drill, applications=[payments], by=by(ira))
    operations.declare_restored(made.reference, body="Works", by=by(ira))
    assert not Postmortem.objects.exists()


def test_it_follows_the_incident(restored: Incident, traveller: Any, ira: Any, by: Any) -> None:
    """Failing again or of a lesser severity nobody waits; restored anew they do, from then."""
    ref, me = restored.reference, by(ira)
    operations.edit(ref, changes={"severity": "SEV3"}, by=me)
    assert Postmortem.objects.get().next_chase_at is None
    assert not postmortems.unfinished(me).exists()
    operations.edit(ref, changes={"severity": "SEV1"}, by=me)
    assert Postmortem.objects.get().next_chase_at is not None
    operations.reopen(ref, reason="Again", by=me)
    assert Postmortem.objects.get().next_chase_at is None
    traveller.move_to(at("16:00"))
    operations.declare_restored(ref, body="Works", by=me)
    assert Postmortem.objects.get().due_at == datetime(2026, 3, 9, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "due"),
    [
        (datetime(2026, 3, 6, 16, 0, tzinfo=UTC), datetime(2026, 3, 13, 16, 0, tzinfo=UTC)),
        (datetime(2026, 3, 7, 3, 0, tzinfo=UTC), datetime(2026, 3, 16, 9, 0, tzinfo=UTC)),
        (
            datetime(2026, 3, 26, 12, 0, tzinfo=UTC),
            datetime(2026, 4, 2, 11, 0, tzinfo=UTC),
        ),  # summer time began
    ],
)
def test_five_business_days(start: datetime, due: datetime) -> None:
    week = {
        "weekly": business_week(),
        "country": "",
        "subdivision": "",
        "extra_days": {},
        "always_open": False,
    }
    assert postmortem_rules.due_at(start, hours_from(zone="Europe/London", **week)) == due


def test_it_begins_once_and_not_before_the_end(declared: Incident, ira: Any, by: Any) -> None:
    with pytest.raises(Conflict):
        operations.begin_postmortem(declared.reference, by=by(ira))
    operations.declare_restored(declared.reference, body="Works", severity="SEV3", by=by(ira))
    assert operations.begin_postmortem(declared.reference, by=by(ira)).owner == ira
    with pytest.raises(Conflict):
        operations.begin_postmortem(declared.reference, by=by(ira))


# --- the facts --------------------------------------------------------------------------------------------
def test_it_holds_what_the_desk_knows(draft: Incident, ira: Any, by: Any) -> None:
    document = postmortems.document(postmortems.get_for(draft.reference, by=by(ira)), by(ira))
    facts = document.facts
    assert (facts["severity"], facts["applications"], document.lasted) == ("SEV2", ["Payments"], 38 * 60)
    assert facts["updates"] == {"sent": 2, "due": 2, "on_time": 0}
    assert [line["text"] for line in facts["timeline"]] == ["Node 3 is out", "Drain it"]
    assert facts["roles"][0]["person"] == "Ira Ivers"


def test_marked_lines_stand_alone(draft: Incident, ira: Any, by: Any) -> None:
    line = draft.timeline.get(body="Drain it")
    operations.edit_postmortem(draft.reference, changes={}, lines=[line.pk, 10**9], by=by(ira))
    document = postmortems.document(postmortems.get_for(draft.reference, by=by(ira)), by(ira))
    assert [one["text"] for one in document.facts["timeline"]] == ["Drain it"]


def test_lines_about_other_work_never_go_in(draft: Incident, ira: Any, by: Any) -> None:
    """Even marked by hand in the database: who may read them differs from who reads the document."""
    draft.timeline.filter(body="Drain it").update(for_postmortem=True, work_kind="ticket", work_id=1)
    document = postmortems.document(postmortems.get_for(draft.reference, by=by(ira)), by(ira))
    assert [one["text"] for one in document.facts["timeline"]] == ["Node 3 is out"]


def test_a_confidential_ticket_is_not_counted(draft: Incident, ira: Any, by: Any) -> None:
    for number in range(2):
        made = tickets.create(subject=f"Cards {number}", by=by(ira))
        operations.link_work(draft.reference, to=made.reference, by=by(ira))
    Ticket.objects.filter(pk=made.pk).update(confidential=True)
    document = postmortems.document(postmortems.get_for(draft.reference, by=by(ira)), by(ira))
    assert document.facts["tickets"] == 1


def test_a_suspected_change_is_read_by_who_sees_changes(
    draft: Incident, ira: Any, kim: Any, by: Any, client: Client
) -> None:
    change = changes.draft(title="Deploy", by=by(ira))
    operations.suspect_change(
        draft.reference, change=change.reference, note="The evening before.", by=by(ira)
    )
    operations.publish_postmortem(draft.reference, by=by(ira))
    url = f"/incidents/{draft.reference}/postmortem"
    for user, sees in ((ira, True), (kim, False)):
        client.force_login(user)
        page, pdf = client.get(f"{url}/").content.decode(), pdf_text(client.get(f"{url}.pdf").content)[0]
        assert [change.reference in page, "The evening before." in page, change.reference in pdf] == [
            sees
        ] * 3


def test_published_facts_stand_whatever_happens_after(
    published: Incident, payments: Application, traveller: Any, ira: Any, by: Any, api: Any, client: Client
) -> None:
    ref, me = published.reference, by(ira)
    traveller.move_to(at("11:30"))
    operations.edit(
        ref, changes={"title": "Another title", "started_at": at("09:50"), "severity": "SEV1"}, by=me
    )
    operations.add_entry(ref, body="Seen later", by=me)
    operations.reopen(ref, reason="Again", by=me)
    operations.declare_restored(ref, body="Works", restored_at=at("11:10"), by=me)
    operations.assess_impact(ref, intervals=[{"application": payments}], by=me)

    shown = api("ira").get(f"/incidents/{ref}/postmortem/").json()
    assert shown["facts"]["title"] == "Card payments fail"
    assert shown["facts"]["restored_at"] == at("10:40").isoformat()
    assert [line["text"] for line in shown["facts"]["timeline"]] == ["Node 3 is out", "Drain it"]
    said = "The restore time was corrected to 2 Mar 2026 11:10 UTC after publication; it was 2 Mar 2026 10:40 UTC."
    assert said in shown["corrections"]
    assert len(shown["corrections"]) == 7  # start, restore time, title, severity, updates, timeline, impact

    client.force_login(ira)
    page = client.get(f"/incidents/{ref}/postmortem/").content.decode()
    assert said in page and "38 min" in page and "Seen later" not in page
    text, _ = pdf_text(client.get(f"/incidents/{ref}/postmortem.pdf").content)
    assert said in text and "to 2 Mar 2026 10:40 UTC: 38 min" in text and "Seen later" not in text


# --- writing ----------------------------------------------------------------------------------------------
def test_a_stale_edit_says_what_stands_there_now(draft: Incident, ira: Any, eli: Any, by: Any) -> None:
    ref = draft.reference
    seen = postmortems.get_for(ref, by=by(ira)).version
    operations.edit_postmortem(ref, changes={"lessons": "Alert earlier."}, version=seen, by=by(eli))
    with pytest.raises(Stale) as refused:
        operations.edit_postmortem(ref, changes={"lessons": "Nothing."}, version=seen, by=by(ira))
    assert refused.value.fields == {"lessons": "Alert earlier."}


def test_the_page_keeps_the_text_of_a_stale_edit(draft: Incident, ira: Any, by: Any, client: Client) -> None:
    client.force_login(ira)
    answer = client.post(
        f"/incidents/{draft.reference}/postmortem/edit/", {**TEXT, "version": "1", "lessons": "My own words"}
    )
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "My own words" in page and "was changed since you opened it" in page


def test_publishing_needs_summary_and_cause(restored: Incident, ira: Any, by: Any) -> None:
    ref = restored.reference
    operations.begin_postmortem(ref, by=by(ira))
    for known, field in (({}, "summary"), ({"summary": "x"}, "root_cause")):
        operations.edit_postmortem(ref, changes=known, by=by(ira))
        with pytest.raises(RuleBroken) as refused:
            operations.publish_postmortem(ref, by=by(ira))
        assert field in refused.value.errors


def test_after_publication_a_change_needs_a_reason_and_is_listed(
    published: Incident, ira: Any, by: Any, client: Client
) -> None:
    ref = published.reference
    with pytest.raises(RuleBroken) as refused:
        operations.edit_postmortem(ref, changes={"lessons": "Alert earlier."}, by=by(ira))
    assert "reason" in refused.value.errors
    operations.edit_postmortem(ref, changes={"lessons": "Alert earlier."}, reason="Forgotten.", by=by(ira))

    [event] = postmortems.document(postmortems.get_for(ref, by=by(ira)), by(ira)).edits
    assert (event.actor_label, event.after, event.data["reason"]) == (
        "Ira Ivers",
        {"lessons": "Alert earlier."},
        "Forgotten.",
    )
    client.force_login(ira)
    page = client.get(f"/incidents/{ref}/postmortem/").content.decode()
    assert "Edited after publication" in page and "Forgotten." in page


def test_who_may(restored: Incident, ira: Any, kim: Any, max: Any, casey: Any, by: Any) -> None:
    ref = restored.reference
    for write in (
        lambda who: operations.begin_postmortem(ref, by=by(who)),
        lambda who: operations.edit_postmortem(ref, changes={}, by=by(who)),
        lambda who: operations.publish_postmortem(ref, by=by(who)),
    ):
        with pytest.raises(NotAllowed):
            write(kim)
        with pytest.raises(NotFound):
            write(casey)
    with pytest.raises(NotAllowed):
        operations.waive_postmortem(ref, reason="x", by=by(ira))
    waived = operations.waive_postmortem(ref, reason="Same as INC-1.", by=by(max))
    assert (waived.status, waived.next_chase_at) == ("waived", None)
    assert operations.begin_postmortem(ref, by=by(ira)).status == "draft"  # it was worth writing after all


def test_for_a_lesser_one_who_runs_it_may_waive(restored: Incident, ira: Any, by: Any) -> None:
    operations.edit(restored.reference, changes={"severity": "SEV3"}, by=by(ira))
    assert operations.waive_postmortem(restored.reference, reason="x", by=by(ira)).status == "waived"


# --- closing ----------------------------------------------------------------------------------------------
def test_what_closing_needs_step_by_step(
    restored: Incident, payments: Application, ira: Any, pia: Any, by: Any
) -> None:
    ref, me = restored.reference, by(ira)

    def refused() -> str:
        with pytest.raises(Conflict) as no:
            operations.close(ref, by=me)
        return no.value.sentence

    assert "impact on availability is not assessed; its post-mortem is not begun" in refused()
    operations.assess_impact(ref, intervals=[{"application": payments}], by=me)
    assert refused() == f"{ref} cannot be closed yet: its post-mortem is not begun."
    operations.begin_postmortem(ref, by=me)
    assert "not published" in refused()
    operations.edit_postmortem(ref, changes=TEXT, by=me)
    operations.publish_postmortem(ref, by=me)
    assert "no follow-up action, and no reason" in refused()
    operations.add_follow_up(ref, title="Alert on the pool", due=date(2026, 4, 1), by=me)
    problem = Problem.objects.get()
    assert (problem.raised_from_id, problem.actions.get().title) == (restored.pk, "Alert on the pool")
    follow_up.drop_action(problem.actions.get().pk, reason="No.", by=by(pia))
    assert "no follow-up action" in refused()  # a dropped one is none
    operations.add_follow_up(ref, title="A larger pool", due=date(2026, 4, 1), by=me)
    assert Problem.objects.count() == 1
    assert operations.close(ref, by=me).status == "closed"


def test_a_reason_why_there_is_no_action_will_do(restored: Incident, ira: Any, by: Any) -> None:
    finish(restored.reference, by(ira))
    assert operations.close(restored.reference, by=by(ira)).status == "closed"


def test_a_waived_one_will_do(restored: Incident, ira: Any, max: Any, by: Any) -> None:
    operations.assess_impact(restored.reference, no_impact=True, reason="x", by=by(ira))
    operations.waive_postmortem(restored.reference, reason="x", by=by(max))
    assert operations.close(restored.reference, by=by(ira)).status == "closed"


def test_one_waived_as_a_small_one_is_owed_once_it_is_a_grave_one(
    restored: Incident, ira: Any, max: Any, by: Any
) -> None:
    ref, me = restored.reference, by(ira)
    with pytest.raises(NotAllowed):
        operations.waive_postmortem(ref, reason="x", by=me)
    operations.edit(ref, changes={"severity": "SEV3"}, by=me)
    operations.waive_postmortem(ref, reason="small", by=me)
    operations.assess_impact(ref, no_impact=True, reason="x", by=me)
    operations.edit(ref, changes={"severity": "SEV1"}, by=me)
    found = Postmortem.objects.get()
    assert (found.status, found.due_at) == ("owed", found.next_chase_at) and found.due_at
    with pytest.raises(Conflict, match="not begun"):
        operations.close(ref, by=me)
    operations.waive_postmortem(ref, reason="A manager says so", by=by(max))
    operations.edit(ref, changes={"severity": "SEV2"}, by=me)
    assert Postmortem.objects.get().status == "waived"


def test_one_waived_as_a_small_one_is_owed_when_it_fails_again_gravely(
    restored: Incident, traveller: Any, ira: Any, by: Any
) -> None:
    ref, me = restored.reference, by(ira)
    operations.edit(ref, changes={"severity": "SEV3"}, by=me)
    operations.waive_postmortem(ref, reason="small", by=me)
    operations.reopen(ref, reason="Again, and worse", by=me)
    operations.edit(ref, changes={"severity": "SEV1"}, by=me)
    traveller.move_to(at("16:00"))
    operations.declare_restored(ref, body="Works", by=me)
    assert any("not begun" in one.sentence for one in closing.missing(reload(restored)))


def test_a_published_one_is_published_again_once_it_failed_again_and_was_restored(
    published: Incident, traveller: Any, ira: Any, by: Any, client: Client
) -> None:
    ref, me = published.reference, by(ira)
    first = Postmortem.objects.get()
    with pytest.raises(Conflict, match="only a draft"):
        operations.publish_postmortem(ref, by=me)
    operations.edit_postmortem(ref, changes={"no_actions_reason": "x"}, reason="x", by=me)
    operations.reopen(ref, reason="Again", by=me)
    traveller.move_to(at("18:00"))
    operations.declare_restored(ref, body="Works", by=me)
    operations.assess_impact(ref, no_impact=True, reason="x", by=me)
    assert Postmortem.objects.get().facts == first.facts
    with pytest.raises(Conflict, match="published before the service failed again"):
        operations.close(ref, by=me)
    client.force_login(ira)
    place = f"/incidents/{ref}/postmortem/"
    assert f'action="{place}publish/"' in client.get(place).content.decode()
    assert client.post(f"{place}publish/", {"version": Postmortem.objects.get().version}).status_code == 302
    assert Postmortem.objects.get().facts["restored_at"] == at("18:00").isoformat()
    event = trail.history("incident", published.pk).filter(name="incident.postmortem_published").last()
    assert event is not None and event.data["earlier_facts"] == first.facts
    assert f'action="{place}publish/"' not in client.get(place).content.decode()
    assert operations.close(ref, by=me).status == "closed"


def test_an_assessment_of_another_time_does_not_do(restored: Incident, ira: Any, by: Any) -> None:
    finish(restored.reference, by(ira))
    operations.edit(restored.reference, changes={"started_at": at("09:55")}, by=by(ira))
    with pytest.raises(Conflict) as refused:
        operations.close(restored.reference, by=by(ira))
    assert "assess it again" in refused.value.sentence


@pytest.mark.parametrize(
    ("severity", "drill", "needs"), [("SEV3", False, 1), ("SEV1", False, 2), ("SEV1", True, 0)]
)
def test_what_each_kind_needs(
    severity: str, drill: bool, needs: int, traveller: Any, payments: Application, ira: Any, by: Any
) -> None:
    made = operations.declare(title="x", severity=severity, drill=drill, applications=[payments], by=by(ira))
    operations.declare_restored(made.reference, body="Works", by=by(ira))
    assert len(closing.missing(reload(made))) == needs


def test_the_refusal_links_to_what_is_missing(restored: Incident, ira: Any, client: Client) -> None:
    client.force_login(ira)
    here = f"/incidents/{restored.reference}/"
    page = client.post(f"{here}close/")
    assert page.status_code == 409
    assert (
        f'href="{here}impact/"' in page.content.decode()
        and f'href="{here}postmortem/"' in page.content.decode()
    )
    fragment = client.get(f"{here}afterwards/").content.decode()
    assert "Assess the impact" in fragment and "Begin the post-mortem" in fragment


# --- chasing ----------------------------------------------------------------------------------------------
def chased() -> list[tuple[str, str]]:
    found = OutgoingMessage.objects.filter(topic="incident.postmortem").order_by("id")
    return [(f"{message.created_at:%d %H:%M}", message.to.partition("@")[0]) for message in found]


def test_the_owner_is_reminded_then_the_manager_too_until_it_is_published(
    restored: Incident, traveller: Any, max: Any, ira: Any, by: Any
) -> None:
    moment = datetime(2026, 3, 9, 10, 38, tzinfo=UTC)
    while moment < datetime(2026, 3, 16, 12, 0, tzinfo=UTC):
        traveller.move_to(moment)
        sweeps.run("incidents.postmortems")
        moment += timedelta(minutes=30)
        if moment.day == 15 and not Postmortem.objects.get().is_published:
            operations.begin_postmortem(restored.reference, by=by(ira))
            operations.edit_postmortem(restored.reference, changes=TEXT, by=by(ira))
            operations.publish_postmortem(restored.reference, by=by(ira))
    assert chased() == [("09 11:08", "ira"), ("11 11:08", "ira"), ("13 11:08", "ira"), ("13 11:08", "max")]


def test_workers_that_were_away_send_one_reminder(restored: Incident, traveller: Any, max: Any) -> None:
    traveller.move_to(datetime(2026, 3, 30, 12, 0, tzinfo=UTC))
    sweeps.run("incidents.postmortems")
    sweeps.run("incidents.postmortems")
    assert chased() == [("30 12:00", "ira"), ("30 12:00", "max")]
    assert Postmortem.objects.get().next_chase_at == datetime(2026, 3, 31, 10, 40, tzinfo=UTC)


def test_a_crash_between_doubles_nothing(restored: Incident, traveller: Any) -> None:
    """The sweep runs again on the same due time, as after a commit that was lost: the key refuses the second."""
    traveller.move_to(datetime(2026, 3, 9, 11, 0, tzinfo=UTC))
    sweeps.run("incidents.postmortems")
    Postmortem.objects.update(next_chase_at=datetime(2026, 3, 9, 10, 40, tzinfo=UTC))
    sweeps.run("incidents.postmortems")
    assert len(chased()) == 1


def test_a_queued_reminder_is_dropped_once_it_is_published(
    restored: Incident, traveller: Any, ira: Any, by: Any
) -> None:
    traveller.move_to(datetime(2026, 3, 9, 11, 0, tzinfo=UTC))
    sweeps.run("incidents.postmortems")
    message = OutgoingMessage.objects.get(topic="incident.postmortem")
    assert relevance.reason_to_drop(message) is None
    finish(restored.reference, by(ira))
    assert relevance.reason_to_drop(message) == "The post-mortem is finished."


def test_without_an_owner_the_manager_hears_at_once(
    declared: Incident, traveller: Any, ira: Any, max: Any, by: Any
) -> None:
    operations.declare_restored(declared.reference, body="Works", severity="SEV1", by=by(ira))
    traveller.move_to(datetime(2026, 3, 10, 11, 0, tzinfo=UTC))
    sweeps.run("incidents.postmortems")
    assert [to for _, to in chased()] == ["max"]


def test_it_stands_in_my_work_and_in_the_list(
    restored: Incident, traveller: Any, ira: Any, max: Any, client: Client, api: Any
) -> None:
    traveller.move_to(datetime(2026, 3, 4, 12, 0, tzinfo=UTC))
    client.force_login(ira)
    assert "due Monday" in client.get("/my/").content.decode()
    traveller.move_to(datetime(2026, 3, 12, 12, 0, tzinfo=UTC))
    client.force_login(max)
    page = client.get("/incidents/postmortems/").content.decode()
    assert restored.reference in page and "1 is late" in page and "Ira Ivers" in page
    [line] = api("max").get("/incidents/postmortems/").json()["results"]
    assert (line["incident"], line["owner"], line["status"]) == (restored.reference, "ira", "owed")


# --- API --------------------------------------------------------------------------------------------------
def test_the_api(restored: Incident, api: Any) -> None:
    url, ira = f"/incidents/{restored.reference}/postmortem/", api("ira")
    assert ira.get(url).status_code == 404  # owed, not begun
    assert ira.post(url).status_code == 201
    tag = ira.get(url)["ETag"]
    assert ira.patch(url, TEXT, **{"If-Match": tag}).status_code == 200
    [line] = [
        one
        for one in ira.get(f"/incidents/{restored.reference}/timeline/").json()["results"]
        if one["body"] == "Drain it"
    ]
    marked = ira.patch(url, {"lines": [line["id"]]}).json()
    assert [one["text"] for one in marked["facts"]["timeline"]] == ["Drain it"]
    assert ira.patch(url, {"lines": ["x"]}).status_code == 400
    stale = ira.patch(url, {"summary": "x"}, **{"If-Match": tag})
    assert stale.status_code == 412 and "Cards failed" in stale.content.decode()
    assert ira.patch(url, {"status": "published"}).status_code == 400
    assert api("kim").patch(url, {}).status_code == 403
    assert api("casey").get(url).status_code == 404
    assert ira.post(f"{url}publish/").json()["status"] == "published"
    assert ira.post(f"{url}publish/").status_code == 409
    assert ira.patch(url, {"lessons": "x"}).status_code == 400
    assert ira.patch(url, {"lessons": "x", "reason": "y"}).json()["edits"][0]["reason"] == "y"
    assert ira.post(f"{url}waive/", {"reason": "x"}).status_code == 403
    assert api("max").post(f"{url}waive/", {"reason": "x"}).status_code == 409


# --- PDF --------------------------------------------------------------------------------------------------
def test_the_pdf_says_what_the_page_says(
    published: Incident, ira: Any, kim: Any, casey: Any, client: Client
) -> None:
    url = f"/incidents/{published.reference}/postmortem.pdf"
    client.force_login(kim)
    answer = client.get(url)
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == f'attachment; filename="{published.reference}-post-mortem.pdf"'
    text, pages = pdf_text(answer.content)
    for said in (
        "Card payments fail",
        "The pool ran dry.",
        "38 min",
        "Ira Ivers: Drain it",
        "Page 1",
        "Commander Ira Ivers",
    ):
        assert said in text
    assert pages <= 2
    client.force_login(casey)
    assert client.get(url).status_code == 404


def test_without_a_document_there_is_no_pdf(restored: Incident, ira: Any, client: Client) -> None:
    client.force_login(ira)
    assert client.get(f"/incidents/{restored.reference}/postmortem.pdf").status_code == 404


def test_foreign_letters_are_drawn_or_visibly_replaced(
    draft: Incident, ira: Any, by: Any, client: Client
) -> None:
    names = ["Łódź Ärzte", "Привет АО", "Ελλάς", "東京銀行"]
    made = [Organisation.objects.create(slug=f"o{number}", name=name) for number, name in enumerate(names)]
    operations.edit(draft.reference, changes={"organisations": made}, by=by(ira))
    client.force_login(ira)
    text, _ = pdf_text(client.get(f"/incidents/{draft.reference}/postmortem.pdf").content)
    for name in names[:3]:
        assert name in text
    assert "\ufffd\ufffd\ufffd\ufffd" in text and "stands for a character" in text


HOSTILE = [
    "{nb} pages", "a" * 19_000, "x\n" * 490, "\x07\x1b[31m‮evil‬", "👩‍👩‍👧 ﷽ \U0001f600",
    "**bold** __x__ --y-- [link](javascript:alert(1))", "<b>&amp;</b>", "\t\u2028\u2029\u00a0\u3000", "é" * 5, "",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_stops_the_pdf(text: str, draft: Incident, ira: Any, by: Any, client: Client) -> None:
    operations.edit_postmortem(
        draft.reference, changes={name: text or " " for name in Postmortem.SECTIONS}, by=by(ira)
    )
    client.force_login(ira)
    answer = client.get(f"/incidents/{draft.reference}/postmortem.pdf")
    assert answer.status_code == 200
    found, pages = pdf_text(answer.content)
    if text.startswith("{nb}"):
        assert "{nb} pages" in found
    if text.startswith("a"):
        assert pages > 5
    assert client.get(f"/incidents/{draft.reference}/postmortem/").status_code == 200


@pytest.mark.parametrize("text", ["x" * 20_001, "x\n" * 502])
def test_a_text_beyond_what_is_drawn_at_once_is_refused(
    text: str, draft: Incident, ira: Any, by: Any
) -> None:
    with pytest.raises(RuleBroken) as refused:
        operations.edit_postmortem(draft.reference, changes={"lessons": text}, by=by(ira))
    assert "lessons" in refused.value.errors


def test_without_the_font_it_is_drawn_all_the_same(
    draft: Incident, ira: Any, by: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(postmortem_pdf, "_files", lambda: None)
    operations.edit_postmortem(draft.reference, changes={"lessons": "Ärger → Привет"}, by=by(ira))
    found = postmortems.get_for(draft.reference, by=by(ira))
    text, _ = pdf_text(postmortem_pdf.draw(postmortems.document(found, by(ira))))
    assert "Ärger ? ??????" in text


def test_the_actions_of_a_post_mortem_are_for_who_sees_problems(
    published: Incident, ira: Any, kim: Any, by: Any, client: Client
) -> None:
    problem = problems.raise_problem(published.reference, by=by(ira))
    follow_up.add_action(problem.reference, title="Alert on the pool", due=date(2026, 4, 1), by=by(ira))
    for user, sees in ((ira, True), (kim, False)):
        client.force_login(user)
        page = client.get(f"/incidents/{published.reference}/postmortem/").content.decode()
        assert ("Alert on the pool" in page) is sees


def test_a_document_shows_its_latest_edits(published: Incident, ira: Any, by: Any) -> None:
    """Each holds two texts of some length, and anybody may edit as often as they like."""
    for number in range(postmortems.MOST_EDITS + 2):
        text = {"summary": f"Text {number}"}
        operations.edit_postmortem(published.reference, changes=text, reason=f"r{number}", by=by(ira))
    edits = postmortems.document(postmortems.get_for(published.reference, by=by(ira)), by(ira)).edits
    assert [one.data["reason"] for one in edits] == [f"r{n}" for n in range(2, postmortems.MOST_EDITS + 2)]
