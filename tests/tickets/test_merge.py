from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import time_machine

from core.accounts.models import RoleGrant, User
from core.audit.models import Event
from core.common.errors import Conflict, NotAllowed, NotFound, RuleBroken
from core.common.vocabulary import Role
from core.search.queries import find
from core.timers import sweeps
from customers.models import Contact
from sla import queries as clocks
from tests.api.conftest import Api, token_for
from tickets import operations, queries
from tickets.models import Entry, Merge, Ticket
from tickets.operations import merging
from worklog import operations as worklog
from worklog.models import Attachment, Link, Mention, TimeEntry, Watcher

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


@pytest.fixture
def pair(desk, ana, eli, casey, by):
    """Two tickets of Casey about the same thing; the later one has a bit of everything on it."""
    stays = operations.create(subject="Cards fail", requester=desk.casey, by=by(ana))
    goes = operations.create(
        subject="Terminals fail", description="All of them", requester=desk.casey, by=by(ana)
    )
    said = operations.reply(goes.reference, body="Also in Lyon", public=True, by=by(casey))
    operations.reply(goes.reference, body="Looks like the gateway", public=False, by=by(ana))
    operations.log_time(goes.reference, minutes=12, activity="investigation", by=by(ana))
    other = operations.create(subject="Old one", requester=desk.casey, by=by(ana))
    operations.link(goes.reference, to=other.reference, by=by(ana))
    worklog.watch(goes, by=by(eli))
    return SimpleNamespace(stays=stays, goes=goes, said=said, other=other)


def bodies(ticket):
    return list(ticket.entries.values_list("body", flat=True))


def on(model, ticket):
    return model.objects.filter(subject_kind="ticket", subject_id=ticket.pk).count()


def events(ticket):
    return list(
        Event.objects.filter(subject_kind="ticket", subject_id=ticket.pk)
        .order_by("id")
        .values_list("name", flat=True)
    )


def test_everything_goes_along_and_the_duplicate_is_closed(pair, ana, by):
    survivor = operations.merge(pair.goes.reference, into=pair.stays.reference, by=by(ana))

    gone = queries.fresh(pair.goes)
    assert survivor == pair.stays
    assert (gone.status, gone.resolution_code, gone.merged_into) == ("closed", "duplicate", pair.stays)
    assert bodies(gone) == []
    assert "Also in Lyon" in bodies(survivor) and "Looks like the gateway" in bodies(survivor)
    assert any("All of them" in body for body in bodies(survivor))
    assert (on(TimeEntry, survivor), on(Watcher, survivor), on(TimeEntry, gone)) == (1, 1, 0)
    assert Link.objects.get().subject_id == survivor.pk
    assert {row["state"] for row in clocks.clocks_of("ticket", gone.pk)} == {"cancelled"}
    assert survivor.customer_replied_at is not None
    assert "ticket.merged" in events(gone) and "ticket.merged_here" in events(survivor)


def test_undo_restores_exactly_what_moved_and_later_replies_stay(pair, ana, casey, by):
    before = {
        "entries": bodies(pair.goes), "stays": bodies(pair.stays), "status": queries.fresh(pair.goes).status,
        "replied": queries.fresh(pair.goes).customer_replied_at,
    }  # fmt: skip
    operations.merge(pair.goes.reference, into=pair.stays.reference, by=by(ana))
    later = operations.reply(pair.goes.reference, body="Still broken", public=True, by=by(casey))

    back = operations.undo_merge(pair.goes.reference, by=by(ana))

    assert bodies(back) == before["entries"]
    assert bodies(pair.stays) == [*before["stays"], "Still broken"]
    assert later.ticket == pair.stays
    assert (back.status, back.resolution_code, back.merged_into) == (before["status"], "", None)
    assert back.customer_replied_at == before["replied"]
    assert (on(TimeEntry, back), on(Watcher, back), on(TimeEntry, pair.stays)) == (1, 1, 0)
    assert Link.objects.get().subject_id == back.pk
    assert events(back)[-1] == "ticket.unmerged" and "ticket.unmerged_here" in events(pair.stays)
    with pytest.raises(Conflict, match="not merged"):
        operations.undo_merge(pair.goes.reference, by=by(ana))


def test_the_time_between_merge_and_undo_is_not_counted(pair, ana, by):
    def resolution(ticket):
        return next(row for row in clocks.clocks_of("ticket", ticket.pk) if row["goal"] == "resolution")

    with time_machine.travel(MONDAY, tick=False):
        made = operations.create(subject="x", requester=pair.stays.requester, by=by(ana))
    with time_machine.travel(MONDAY + timedelta(hours=1), tick=False):
        left = resolution(made)["remaining_minutes"]
        operations.merge(made.reference, into=pair.stays.reference, by=by(ana))
        assert queries.fresh(made).due_at is None
    with time_machine.travel(MONDAY + timedelta(hours=3), tick=False):
        back = operations.undo_merge(made.reference, by=by(ana))
        again = resolution(back)
    assert (again["state"], again["remaining_minutes"]) == ("running", left)
    assert any(not row["counted"] and "merged into" in row["why"] for row in again["ledger"])
    assert back.due_at is not None


def test_a_waiting_duplicate_comes_back_waiting_with_its_clocks_paused(pair, ana, by):
    made = operations.create(subject="x", requester=pair.stays.requester, by=by(ana))
    operations.wait(made.reference, reason="Log files", by=by(ana))
    operations.merge(made.reference, into=pair.stays.reference, by=by(ana))
    back = operations.undo_merge(made.reference, by=by(ana))
    assert (back.status, back.pause_note) == ("waiting", "Log files")
    states = [row["state"] for row in clocks.clocks_of("ticket", back.pk) if row["state"] != "cancelled"]
    assert set(states) == {"paused"}


def test_a_chain_of_three_ends_at_the_survivor_and_comes_apart_again(pair, desk, ana, casey, by):
    first, second, third = pair.goes, pair.stays, pair.other
    fourth = operations.create(subject="Fourth", requester=desk.casey, by=by(ana))
    operations.merge(first.reference, into=second.reference, by=by(ana))
    operations.merge(second.reference, into=third.reference, by=by(ana))
    operations.merge(third.reference, into=fourth.reference, by=by(ana))

    said = operations.reply(first.reference, body="Through the chain", public=True, by=by(casey))

    assert said.ticket == fourth
    assert set(fourth.merged_from.all()) == {first, second, third}
    assert "Also in Lyon" in bodies(fourth)
    operations.undo_merge(second.reference, by=by(ana))
    assert "Also in Lyon" in bodies(second) and "Also in Lyon" not in bodies(fourth)
    assert queries.fresh(first).merged_into == second
    back = operations.undo_merge(first.reference, by=by(ana))
    assert "Also in Lyon" in bodies(back)
    assert "Through the chain" in bodies(fourth)
    assert set(fourth.merged_from.all()) == {third}


def test_the_middle_of_a_chain_may_be_undone_last(pair, ana, by):
    operations.merge(pair.goes.reference, into=pair.stays.reference, by=by(ana))
    operations.merge(pair.stays.reference, into=pair.other.reference, by=by(ana))
    operations.undo_merge(pair.goes.reference, by=by(ana))
    operations.undo_merge(pair.stays.reference, by=by(ana))
    assert "Also in Lyon" in bodies(pair.goes)
    assert bodies(pair.other) == [] and bodies(pair.stays) == []
    assert not Ticket.objects.exclude(merged_into=None).exists()


def test_circles_are_refused(pair, ana, by):
    operations.merge(pair.goes.reference, into=pair.stays.reference, by=by(ana))
    with pytest.raises(RuleBroken, match="into itself"):
        operations.merge(pair.stays.reference, into=pair.goes.reference, by=by(ana))
    with pytest.raises(RuleBroken, match="into itself"):
        operations.merge(pair.stays.reference, into=pair.stays.reference, by=by(ana))


def test_every_verb_on_a_merged_ticket_names_the_survivor(pair, ana, casey, by):
    operations.merge(pair.goes.reference, into=pair.stays.reference, by=by(ana))
    for act in (
        lambda: operations.take(pair.goes.reference, by=by(ana)),
        lambda: operations.edit(pair.goes.reference, values={"subject": "y"}, by=by(ana)),
        lambda: operations.reopen(pair.goes.reference, reason="r", by=by(casey)),
        lambda: operations.merge(pair.goes.reference, into=pair.other.reference, by=by(ana)),
    ):
        with pytest.raises(Conflict, match=f"merged into {pair.stays.reference}"):
            act()


def test_words_of_one_customer_never_reach_another(pair, desk, ana, by):
    foreign = operations.create(subject="Bolt's", requester=desk.drew, by=by(ana))
    with pytest.raises(RuleBroken, match="different customers"):
        operations.merge(pair.goes.reference, into=foreign.reference, by=by(ana))


def test_what_nobody_asked_for_goes_along_as_a_note(pair, ana, by):
    alert = operations.create(subject="Disk full", description="secret-host", by=by(ana))
    operations.merge(alert.reference, into=pair.stays.reference, by=by(ana))
    opening = pair.stays.entries.get(body__contains="secret-host")
    assert opening.kind == Entry.Kind.INTERNAL_NOTE


def test_confidential_and_public_do_not_mix(pair, ana, by):
    operations.edit(pair.goes.reference, values={"confidential": True}, by=by(ana))
    worklog.watch(pair.goes, by=by(ana))
    for source, target in ((pair.goes, pair.stays), (pair.stays, pair.goes)):
        with pytest.raises(RuleBroken, match="is confidential"):
            operations.merge(source.reference, into=target.reference, by=by(ana))


def test_both_tickets_must_be_visible_and_the_actor_permitted(pair, ana, eli, kim, casey, by):
    Ticket.objects.filter(pk=pair.stays.pk).update(confidential=True)
    with pytest.raises(NotFound):
        operations.merge(pair.goes.reference, into=pair.stays.reference, by=by(eli))
    Ticket.objects.filter(pk=pair.stays.pk).update(confidential=False)
    with pytest.raises(NotAllowed):
        operations.merge(pair.goes.reference, into=pair.stays.reference, by=by(kim))
    with pytest.raises(NotAllowed):
        operations.merge(pair.goes.reference, into=pair.stays.reference, by=by(casey))


def test_nothing_is_merged_into_what_is_over(pair, ana, by):
    operations.resolve(pair.stays.reference, code="fixed", note="Done", breach_cause="x", by=by(ana))
    with pytest.raises(Conflict, match="Reopen it first"):
        operations.merge(pair.goes.reference, into=pair.stays.reference, by=by(ana))


def test_of_two_merges_at_once_one_wins(pair, ana, by, monkeypatch):
    """Both have read the ticket before either wrote: the second write finds it changed."""
    real = merging._claim

    def late(source, target, *rest):
        monkeypatch.setattr(merging, "_claim", real)
        operations.merge(pair.goes.reference, into=pair.other.reference, by=by(ana))
        real(source, target, *rest)

    monkeypatch.setattr(merging, "_claim", late)
    with pytest.raises(Conflict, match="somebody else"):
        operations.merge(pair.goes.reference, into=pair.stays.reference, by=by(ana))


def test_a_colleague_whose_request_went_along_reads_on_and_is_told(pair, desk, ana, by, mailoutbox):
    gil = User.objects.create(username="gil", first_name="Gil", email="gil@acme.example")
    RoleGrant.objects.create(user=gil, role=Role.CUSTOMER)
    contact = Contact.objects.create(organisation=desk.acme, user=gil, name="Gil", email=gil.email)
    theirs = operations.create(subject="Gil's", requester=contact, by=by(ana))
    with pytest.raises(NotFound):
        queries.get_for(pair.stays.reference, by=by(gil))

    operations.merge(theirs.reference, into=pair.stays.reference, by=by(ana))
    operations.reply(pair.stays.reference, body="We found it", public=True, by=by(ana))
    sweeps.run_due()

    assert queries.get_for(pair.stays.reference, by=by(gil)) == pair.stays
    told = [mail for mail in mailoutbox if gil.email in mail.to]
    assert any("goes on here" in mail.subject for mail in told)
    assert any("We found it" in mail.body for mail in told)


def test_search_finds_the_words_where_they_are_now(pair, ana, by):
    def hits(word):
        return [doc.object_id for doc in find(word, by(ana), kinds=["ticket"])]

    operations.merge(pair.goes.reference, into=pair.stays.reference, by=by(ana))
    assert hits("Lyon") == [pair.stays.pk]
    operations.undo_merge(pair.goes.reference, by=by(ana))
    assert hits("Lyon") == [pair.goes.pk]


def test_what_the_survivor_has_already_stays_behind(pair, eli, ana, by):
    worklog.watch(pair.stays, by=by(eli))
    Mention.objects.create(subject_kind="ticket", subject_id=pair.goes.pk, entry_id=0, user=eli, at=MONDAY)
    operations.merge(pair.goes.reference, into=pair.stays.reference, by=by(ana))
    assert (on(Watcher, pair.stays), on(Watcher, pair.goes)) == (1, 1)
    assert on(Mention, pair.stays) == 1
    assert on(Attachment, pair.stays) == 0
    assert Merge.objects.get().moved["watchers"] == []


def test_the_page_leads_on_and_offers_the_undo(client, pair, ana, casey, by):
    client.force_login(ana)
    mistyped = client.post(f"/tickets/{pair.goes.reference}/merge/", {"into": "TKT-999"})
    assert mistyped.status_code == 400 and "There is no TKT-999 here." in mistyped.content.decode()
    answer = client.post(f"/tickets/{pair.goes.reference}/merge/", {"into": pair.stays.reference})
    assert answer.url == f"/tickets/{pair.stays.reference}/"
    gone = client.get(f"/tickets/{pair.goes.reference}/")
    assert gone.url == f"/tickets/{pair.stays.reference}/"
    page = client.get(gone.url).content.decode()
    assert f"{pair.goes.reference} was merged into" in page
    assert f"/tickets/{pair.goes.reference}/undo_merge/" in page
    assert client.get(f"/tickets/{pair.goes.reference}/?own=1").status_code == 200
    client.force_login(casey)
    assert client.get(f"/portal/{pair.goes.reference}/").url == f"/portal/{pair.stays.reference}/"


def test_the_api_names_the_survivor(pair, ana, casey):
    staff, customer = Api(token_for("ana")), Api(token_for("casey"))
    goes, stays = pair.goes.reference, pair.stays.reference

    answer = staff.post(f"/tickets/{goes}/merge/", {"into": stays})

    assert (answer.status_code, answer.json()["reference"]) == (200, stays)
    shown = staff.get(f"/tickets/{goes}/").json()
    assert (shown["status"], shown["merged_into"]) == ("closed", stays)
    assert stays in staff.post(f"/tickets/{goes}/take/", {}).json()["detail"]
    assert customer.get(f"/tickets/{goes}/").json()["merged_into"] == stays
    assert customer.post(f"/tickets/{goes}/reply/", {"body": "Hello"}).json()["ticket"] == stays
    assert staff.post(f"/tickets/{goes}/undo_merge/").json()["merged_into"] is None
