"""Saved views through the API: whose they are, what is kept, and the tickets in one."""

from __future__ import annotations

import pytest

from escalation.models import Membership
from tests.api.conftest import Api, problem, token_for
from tickets import operations
from tickets.models import SavedView, Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(desk):
    return lambda name: Api(token_for(name))


@pytest.fixture
def shared(desk, api, ana, eli):
    """A view of the Payments team, made by Eli; Ana is in that team."""
    for user in (ana, eli):
        Membership.objects.create(team=desk.teams[1], user=user)
    body = {
        "name": "Acme first",
        "query": "organisation=acme",
        "team": "team-2",
        "columns": ["team", "clock"],
    }
    return api("eli").post("/views/", body).json()


def test_a_view_is_made_changed_and_deleted(api):
    ana = api("ana")
    answer = ana.post("/views/", {"name": "Urgent!", "query": "priority=P0,P1", "ordering": "-created_at"})
    made = answer.json()
    assert (answer.status_code, answer["ETag"], made["slug"]) == (201, '"1"', "urgent")
    assert answer["Location"].endswith("/api/v1/views/urgent/")
    assert (made["owner"], made["team"], made["can_edit"]) == ("ana", None, True)

    edited = ana.patch("/views/urgent/", {"name": "Very urgent", "ordering": None}, **{"If-Match": '"1"'})
    assert edited.json() == {**made, "name": "Very urgent", "ordering": None}
    problem(ana.patch("/views/urgent/", {"name": "x"}, **{"If-Match": '"1"'}), 412)
    problem(ana.call("DELETE", "/views/urgent/", **{"If-Match": '"1"'}), 412)

    gone = ana.call("DELETE", "/views/urgent/", **{"If-Match": '"2"'})
    assert (gone.status_code, gone.content) == (204, b"")
    problem(ana.get("/views/urgent/"), 404)
    problem(ana.call("DELETE", "/views/urgent/"), 404)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"query": "priority=P9"}, "query"),
        ({"query": "prioritty=P1"}, "query"),
        ({"query": "view=nothing"}, "query"),
        ({"columns": ["secret"]}, "columns.0"),
        ({"ordering": "assignee__password"}, "ordering"),
        ({"team": "team-3"}, "team"),
        ({"slug": "mine"}, "slug"),
    ],
)
def test_what_cannot_be_kept_is_refused_at_its_field(api, body, field):
    assert field in problem(api("ana").post("/views/", {"name": "View", **body}), 400)["errors"]
    assert not SavedView.objects.exists()


def test_a_personal_view_is_nobody_elses(api, shared):
    api("eli").post("/views/", {"name": "Own"})
    ana, lea = api("ana"), api("lea")
    assert [row["slug"] for row in ana.get("/views/").json()["results"]] == ["acme-first"]
    assert lea.get("/views/").json()["results"] == []
    for client in (ana, lea, api("root")):
        problem(client.get("/views/own/"), 404)
        problem(client.get("/views/own/tickets/"), 404)
        problem(client.patch("/views/own/", {"name": "x"}), 404)
        problem(client.call("DELETE", "/views/own/"), 404)


def test_a_team_reads_and_its_maker_changes(api, shared):
    ana = api("ana")
    assert ana.get("/views/acme-first/").json()["can_edit"] is False
    assert "Eli Engel" in problem(ana.patch("/views/acme-first/", {"name": "x"}), 403)["detail"]
    problem(ana.call("DELETE", "/views/acme-first/"), 403)
    assert ana.get("/views/?team=team-2&owner=eli").json()["count"] == 1


def test_each_reader_finds_the_tickets_that_they_may_see(desk, api, shared, ana, eli, by):
    plain = operations.create(subject="Plain", requester=desk.casey, by=by(ana))
    operations.create(subject="Of Bolt", requester=desk.drew, by=by(ana))
    secret = operations.create(subject="Merger", requester=desk.casey, confidential=True, by=by(eli))
    assert references(api("eli")) == [plain.reference, secret.reference]
    assert references(api("ana")) == [plain.reference]


def references(client, query=""):
    return sorted(
        row["reference"] for row in client.get(f"/views/acme-first/tickets/{query}").json()["results"]
    )


def test_the_filters_of_the_list_narrow_a_view_down(desk, api, shared, ana, by):
    by_ana = by(ana)
    high = operations.create(subject="Down", requester=desk.casey, impact="high", urgency="high", by=by_ana)
    low = operations.create(subject="Slow", requester=desk.casey, by=by_ana)
    client = api("ana")
    assert references(client, f"?priority={high.priority}") == [high.reference]
    assert references(client, "?search=slow&status=new") == [low.reference]
    for wrong in ("?priority=P9", "?nonsense=1", "?ordering=subject", "?custom.nothing=1", "?cursor=x"):
        problem(client.get(f"/views/acme-first/tickets/{wrong}"), 400)


@pytest.mark.parametrize("ordering", [None, "-created_at", "due_at"])
def test_its_order_pages_without_gaps(desk, api, ana, by, ordering):
    made = [operations.create(subject=f"Number {n}", by=by(ana)).reference for n in range(7)]
    Ticket.objects.filter(subject="Number 3").update(priority="P0")
    client = api("ana")
    client.post("/views/", {"name": "All", "query": "tier=1", "ordering": ordering})
    url, found = "/views/all/tickets/?limit=3", []
    while url:
        page = client.get(url).json()
        assert page["count"] == 7
        found += [row["reference"] for row in page["results"]]
        url = page["next"]
    assert sorted(found) == sorted(made) and len(found) == 7
    if ordering is None:
        assert found[0] == made[3]  # the work order: P0 first
    if ordering == "-created_at":
        assert found == made[::-1]
    newest = client.get("/views/all/tickets/?ordering=-created_at").json()["results"][0]
    assert newest["reference"] == made[-1]


def test_a_view_that_names_what_is_gone_says_so(desk, api, ana, by):
    client = api("ana")
    client.post("/views/", {"name": "Acme", "query": "organisation=acme"})
    desk.acme.slug = "acme-corp"
    desk.acme.save()
    assert "cannot be read any more" in problem(client.get("/views/acme/tickets/"), 400)["detail"]


def test_tickets_of_a_view_cost_the_same_with_many(desk, api, ana, by, django_assert_max_num_queries):
    for n in range(12):
        operations.create(subject=f"Number {n}", requester=desk.casey, component=desk.gateway, by=by(ana))
    client = api("ana")
    client.post("/views/", {"name": "All", "query": "tier=1"})
    with django_assert_max_num_queries(20):
        assert len(client.get("/views/all/tickets/").json()["results"]) == 12
    with django_assert_max_num_queries(8):
        client.get("/views/")
