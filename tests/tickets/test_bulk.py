import pytest

from core.audit.models import Event
from core.common.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken
from core.outbox.models import OutgoingMessage
from core.timers import sweeps
from sla import queries as clocks
from tests.api.conftest import Api, token_for
from tickets import operations, queries
from tickets.models import BulkRun, Ticket
from tickets.operations import bulk
from worklog.models import Link

pytestmark = pytest.mark.django_db


@pytest.fixture
def some(desk, ana, by):
    """Three tickets of Acme."""
    return [operations.create(subject=f"Number {n}", requester=desk.casey, by=by(ana)) for n in range(3)]


def do(verb, tickets, by, **values):
    return bulk.finish_short(bulk.start(verb, tickets=[t.reference for t in tickets], values=values, by=by))


def back(run, by):
    return bulk.finish_short(bulk.undo(run.pk, by=by))


def state(tickets):
    names = ("status", "team_id", "assignee_id", "communication_owner_id", "priority", "priority_reason", "tags",
             "resolution_code", "resolved_at", "close_due_at", "pause_note", "merged_into_id", "reopened_count",
             "breach_cause")  # fmt: skip
    return list(Ticket.objects.filter(pk__in=[t.pk for t in tickets]).order_by("pk").values(*names))


VERBS = [
    ("take", {}),
    ("assign", {"team": "team-2", "assignee": "eli"}),
    ("set_priority", {"priority": "P0", "reason": "All of them call"}),
    ("tag", {"add": ["storm"], "remove": ["old"]}),
    ("resolve", {"code": "fixed", "note": "A new certificate"}),
]


@pytest.mark.parametrize("verb, values", VERBS)
def test_each_verb_is_done_to_each_and_undone_by_one_undo(some, ana, by, verb, values):
    operations.edit(some[0].reference, values={"tags": ["old", "kept"]}, by=by(ana))
    operations.wait(some[1].reference, reason="Log files", by=by(ana))
    before = state(some)

    run = do(verb, some, by(ana), **values)

    assert [row["why"] for row in run.results] == ["", "", ""]
    assert all(now != was for now, was in zip(state(some), before, strict=True))
    run = back(run, by(ana))
    assert [row["undo_why"] for row in run.results] == ["", "", ""]
    assert state(some) == before
    assert Event.objects.filter(name="ticket.put_back").count() == 3
    with pytest.raises(Conflict, match="already"):
        bulk.undo(run.pk, by=by(ana))


def test_undoing_a_resolution_runs_the_clocks_on_and_tells_the_customer_nothing(some, ana, by):
    run = do("resolve", some, by(ana), code="fixed", note="Done")
    sweeps.run_due()
    told = OutgoingMessage.objects.count()
    back(run, by(ana))
    sweeps.run_due()
    assert OutgoingMessage.objects.count() == told
    states = {row["goal"]: row["state"] for row in reversed(clocks.clocks_of("ticket", some[0].pk))}
    assert states == {"first_response": "met", "resolution": "running"}
    assert queries.fresh(some[0]).due_at is not None


def test_many_are_merged_and_come_apart_again(some, ana, by):
    run = do("merge", some[1:], by(ana), into=some[0].reference)
    assert set(some[0].merged_from.all()) == set(some[1:])
    back(run, by(ana))
    assert not Ticket.objects.exclude(merged_into=None).exists()


def test_links_that_were_there_before_survive_the_undo(some, ana, by):
    operations.link(some[1].reference, to=some[0].reference, by=by(ana))
    run = do("link", some[1:], by(ana), to=some[0].reference)
    assert Link.objects.count() == 2
    back(run, by(ana))
    assert Link.objects.get().subject_id == some[1].pk


def test_what_was_changed_since_stays_and_is_named(some, ana, eli, by):
    run = do("assign", some, by(ana), assignee="eli")
    operations.assign(some[1].reference, assignee=ana, by=by(eli))
    run = back(run, by(ana))
    assert [bool(row["undo_why"]) for row in run.results] == [False, True, False]
    assert queries.fresh(some[1]).assignee == ana


def test_values_are_checked_before_anything_is_done(some, ana, kim, by):
    for verb, values, error in (
        ("assign", {}, Invalid),
        ("assign", {"assignee": "nobody"}, Invalid),
        ("set_priority", {"priority": "P0"}, RuleBroken),
        ("tag", {"add": []}, Invalid),
        ("merge", {"into": "TKT-999"}, NotFound),
        ("resolve", {"code": ""}, Invalid),
        ("take", {"more": 1}, Invalid),
        ("close", {}, RuleBroken),
    ):
        with pytest.raises(error):
            do(verb, some, by(ana), **values)
    with pytest.raises(NotAllowed):
        do("take", some, by(kim))
    assert not BulkRun.objects.exists()


@pytest.fixture
def five_hundred(desk, some, ana):
    """500 tickets as rows alone: what matters here is the run."""
    model = queries.fresh(some[0])
    copies = [
        Ticket(
            **{f.attname: getattr(model, f.attname) for f in Ticket._meta.concrete_fields if f.name != "id"}
        )
        for _ in range(500)
    ]
    return Ticket.objects.bulk_create(copies)


def test_500_with_one_forbidden_and_one_changed_are_498_and_two_named(five_hundred, desk, ana, eli, by):
    hidden, changed = five_hundred[7], five_hundred[400]
    Ticket.objects.filter(pk=hidden.pk).update(confidential=True)
    run = bulk.start(
        "assign", tickets=[t.reference for t in five_hundred], values={"assignee": "eli"}, by=by(ana)
    )
    operations.edit(changed.reference, values={"subject": "Another now"}, by=by(eli))

    assert not bulk.finish_short(run).is_finished
    while not run.is_finished:
        sweeps.run(bulk.SWEEP)
        run.refresh_from_db()

    failed = {row["id"]: row["why"] for row in run.results if not row["done"]}
    assert len(run.results) - len(failed) == 498
    assert set(failed) == {hidden.pk, changed.pk}
    assert "There is no" in failed[hidden.pk] and "changed after you chose it" in failed[changed.pk]
    assert Ticket.objects.filter(assignee=eli).count() == 498

    run = bulk.undo(run.pk, by=by(ana))
    while not run.is_finished:
        sweeps.run(bulk.SWEEP)
        run.refresh_from_db()
    assert sum(row.get("undone", False) for row in run.results) == 498
    assert not Ticket.objects.filter(assignee=eli).exists()


def test_more_than_500_are_refused_and_a_run_that_died_goes_on_elsewhere(five_hundred, some, ana, by):
    everything = [t.reference for t in [*five_hundred, *some]]
    with pytest.raises(RuleBroken, match="At most 500 tickets at once; these are 503"):
        bulk.start("take", tickets=everything, by=by(ana))
    run = bulk.start("take", tickets=everything[:120], by=by(ana))
    bulk.begin_chunk(run, run.at)  # claimed by a worker that died
    assert sweeps.run(bulk.SWEEP).done == 0
    BulkRun.objects.update(next_at=run.at)
    sweeps.run(bulk.SWEEP)
    run.refresh_from_db()
    assert (len(run.results), len(run.todo), run.is_finished) == (50, 70, False)


def test_a_run_belongs_to_whoever_started_it(some, ana, eli, by, client):
    run = do("take", some, by(ana))
    with pytest.raises(NotFound):
        bulk.undo(run.pk, by=by(eli))
    client.force_login(eli)
    assert client.get(f"/tickets/bulk/{run.pk}/").status_code == 404


def test_the_bar_asks_does_and_undoes(client, some, ana):
    client.force_login(ana)
    refs = [ticket.reference for ticket in some]
    assert 'value="set_priority"' in client.get("/tickets/?view=all").content.decode()
    asked = client.post("/tickets/bulk/ask/", {"verb": "assign", "pick": refs}).content.decode()
    assert "Assign 3 tickets" in asked and asked.count('name="pick"') == 3

    answer = client.post(
        "/tickets/bulk/", {"verb": "assign", "pick": refs, "assignee": "eli", "back": "/tickets/?view=all"}
    )

    assert answer.url == "/tickets/?view=all"
    page = client.get(answer.url).content.decode()
    run = BulkRun.objects.get()
    assert "3 tickets assigned." in page and f"/tickets/bulk/{run.pk}/undo/" in page
    client.post(f"/tickets/bulk/{run.pk}/undo/")
    assert "3 of 3 taken back." in client.get(f"/tickets/bulk/{run.pk}/").content.decode()
    assert "already" in client.post(f"/tickets/bulk/{run.pk}/undo/").content.decode()


def test_errors_are_named_on_the_page_of_the_run(client, some, ana, eli, by):
    client.force_login(ana)
    operations.take(some[1].reference, by=by(eli))
    answer = client.post("/tickets/bulk/", {"verb": "take", "pick": [t.reference for t in some]})
    page = client.get(answer.url).content.decode()
    assert "2 tickets taken." in page and f"Eli Engel has {some[1].reference}" in page


def test_a_whole_list_is_meant_by_its_address(client, some, ana):
    client.force_login(ana)
    picked = {"whole": "1", "list": "priority=P2&organisation=acme"}
    assert "3 tickets" in client.post("/tickets/bulk/ask/", {"verb": "tag", **picked}).content.decode()
    client.post("/tickets/bulk/", {"verb": "tag", "add": "storm", **picked})
    assert all(ticket["tags"] == ["storm"] for ticket in state(some))
    assert client.post("/tickets/bulk/", {"verb": "tag", "add": "", **picked}).status_code == 400
    assert client.post(
        "/tickets/bulk/", {"verb": "take", "pick": some[0].reference, "back": "//evil.example"}
    ).url == ("/tickets/")


def test_the_page_of_a_long_run_shows_how_far_it_is(client, five_hundred, ana, by):
    client.force_login(ana)
    answer = client.post("/tickets/bulk/", {"verb": "take", "pick": [t.reference for t in five_hundred[:60]]})
    assert "0 of 60 done" in client.get(answer.url).content.decode()
    sweeps.run(bulk.SWEEP)
    assert "50 of 60 done" in client.get(f"{answer.url}?part=1").content.decode()
    sweeps.run(bulk.SWEEP)
    assert "60 tickets taken" in client.get(f"{answer.url}?part=1").content.decode()


def test_the_api_runs_shows_and_undoes(some, ana, eli):
    api = Api(token_for("ana"))
    made = api.post("/tickets/bulk/", {"verb": "tag", "filter": "status=new", "values": {"add": ["x"]}})
    run = made.json()
    assert (made.status_code, run["done"], run["failed"], run["left"]) == (201, 3, 0, 0)
    assert api.get(f"/tickets/bulk/{run['id']}/").json()["results"][0]["reference"] == some[0].reference
    assert api.post(f"/tickets/bulk/{run['id']}/undo/").json()["results"][0]["undone"] is True
    assert api.post("/tickets/bulk/", {"verb": "take"}).status_code == 400
    assert api.post("/tickets/bulk/", {"verb": "take", "filter": "status=odd"}).status_code == 400
    assert Api(token_for("eli")).get(f"/tickets/bulk/{run['id']}/").status_code == 404
