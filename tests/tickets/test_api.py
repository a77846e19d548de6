"""Tickets through the API: names, answers, and who gets what."""

from __future__ import annotations

import pytest

from catalogue.models import Application, Component
from customers.models import Contact, Organisation
from escalation.models import Team
from tests.api.conftest import Api, problem, token_for
from tickets.models import Ticket

HANDOFF = {
    "from_tier": 1,
    "summary": "Checkout hangs",
    "business_impact": "Nobody can pay",
    "tried": "Restarted",
    "no_sop": True,
}


@pytest.fixture
def desk(db):
    shop = Application.objects.create(slug="shop", name="Shop")
    checkout = Component.objects.create(application=shop, slug="checkout", name="Checkout")
    for tier, slug in ((1, "service-desk"), (2, "payments")):
        team = Team.objects.create(slug=slug, name=slug.title(), tier=tier, review_due="2030-01-01")
        team.components.add(checkout)
    north = Organisation.objects.create(slug="north", name="North", tier="key")
    north.applications.add(shop)
    return shop


@pytest.fixture
def api(db):
    return lambda name, *scopes: Api(token_for(name, *scopes))


@pytest.fixture
def customer(desk, casey):
    Contact.objects.create(
        organisation=Organisation.objects.get(), name="Casey", email="casey@north.example", user=casey
    )
    return Api(token_for("casey"))


def made(client, **more):
    answer = client.post("/tickets/", {"subject": "Checkout is slow", **more})
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_the_subject_is_enough(api, desk):
    answer = api("ana").post("/tickets/", {"subject": "Checkout is slow"})
    ticket = answer.json()
    assert answer["Location"].endswith(f"/api/v1/tickets/{ticket['reference']}/")
    expected = {"kind": "issue", "channel": "api", "impact": "medium", "urgency": "medium", "tier": 1}
    assert {name: ticket[name] for name in expected} == expected
    assert (ticket["priority"], ticket["status"], ticket["severity"]) == ("P2", "new", None)
    assert ticket["created_at"].endswith("Z")


def test_all_facts_by_their_names(api, desk, casey):
    contact = Contact.objects.create(
        organisation=Organisation.objects.get(), name="C", email="c@north.example"
    )
    facts = {
        "description": "Since **today**", "kind": "question", "channel": "phone", "exposure": "internal",
        "areas": ["code", "data"], "impact": "high", "urgency": "high", "severity": "SEV2", "team": "payments",
        "organisation": "north", "application": "shop", "component": "checkout", "environment": {"os": "Linux"},
        "steps_to_reproduce": "Pay", "affected_version": "1.2", "risk": "None known", "tags": ["vip"],
        "confidential": False, "external_id": "X-1",
    }  # fmt: skip
    ticket = made(api("ana"), requester="C@north.example", **facts)
    # A risk is a matter of security: it adds that area.
    assert {name: ticket[name] for name in facts} == {**facts, "areas": ["code", "data", "security"]}
    assert ticket["requester"] == contact.pk
    assert ticket["priority"] == "P0"
    assert "key customer" in ticket["rank_reason"]


def test_every_documented_field_is_answered(api, desk):
    documented = (
        "reference subject description kind channel exposure areas status hold_reason impact urgency priority "
        "priority_reason severity tier team assignee organisation requester application component environment "
        "steps_to_reproduce affected_version risk tags confidential resolution_code created_at updated_at "
        "first_responded_at resolved_at closed_at due_at rank_reason handoff_count reopened_count external_id"
    )
    assert set(documented.split()) <= set(made(api("ana")))


@pytest.mark.parametrize(
    ("field", "verb"), [("status", "resolve"), ("tier", "escalate"), ("team", "assign"), ("assignee", "take")]
)
def test_what_a_verb_changes_is_not_patched(api, desk, field, verb):
    ana = api("ana")
    ref = made(ana)["reference"]
    assert verb in problem(ana.patch(f"/tickets/{ref}/", {field: "x"}), 400)["errors"][field][0]


def test_patch_with_and_without_the_version(api, desk):
    ana = api("ana")
    ref = made(ana)["reference"]
    seen = ana.get(f"/tickets/{ref}/")["ETag"]
    first = ana.patch(f"/tickets/{ref}/", {"subject": "Slower"}, **{"If-Match": seen})
    assert first.status_code == 200
    assert first["ETag"] != seen
    document = problem(ana.patch(f"/tickets/{ref}/", {"subject": "Mine"}, **{"If-Match": seen}), 412)
    assert document["fields"]["subject"] == "Slower"
    assert ana.patch(f"/tickets/{ref}/", {"severity": "SEV1"}).json()["severity"] == "SEV1"
    assert ana.patch(f"/tickets/{ref}/", {"severity": None}).json()["severity"] is None


def test_the_whole_way_of_a_ticket(api, desk):
    ana, eli = api("ana"), api("eli")
    ref = made(ana, component="checkout")["reference"]
    at = f"/tickets/{ref}/"
    assert ana.post(at + "take/").json()["assignee"] == "ana"
    problem(eli.post(at + "take/"), 409)
    entry = ana.post(at + "reply/", {"body": "We are on it."})
    assert (entry.status_code, entry.json()["kind"]) == (201, "public_reply")
    assert ana.post(at + "reply/", {"body": "Psst", "public": False}).json()["kind"] == "internal_note"
    moved = ana.post(at + "escalate/", HANDOFF).json()
    assert (moved["tier"], moved["team"], moved["handoff_count"]) == (2, "payments", 1)
    problem(ana.post(at + "escalate/", HANDOFF), 409)
    problem(ana.post(at + "escalate/", HANDOFF | {"from_tier": 2}), 409)
    back = eli.post(at + "hand_back/", {"from_tier": 2, "reason": "Known", "next": "Clear the cache"}).json()
    assert back["tier"] == 1
    assert eli.post(at + "assign/", {"assignee": "eli"}).json()["assignee"] == "eli"
    assert eli.post(at + "wait/", {"reason": "for the log"}).json()["status"] == "waiting"
    held = eli.post(at + "hold/", {"reason": "vendor", "note": "Case 7"}).json()
    assert (held["status"], held["hold_reason"]) == ("on_hold", "vendor")
    assert eli.post(at + "resume/").json()["status"] == "open"
    assert eli.post(at + "set_priority/", {"priority": "P1", "reason": "Fair"}).json()["priority"] == "P1"
    spent = eli.post(at + "log_time/", {"minutes": 20, "activity": "fix", "note": ""})
    assert (spent.status_code, spent.json()["subject"]) == (201, ref)
    solved = eli.post(at + "resolve/", {"code": "fixed", "note": "Cleared."})
    assert (solved.json()["status"], solved.json()["resolution_code"]) == ("resolved", "fixed")
    assert eli.post(at + "reopen/", {"reason": "Again"}).json()["reopened_count"] == 1
    problem(eli.post(at + "close/"), 409)
    eli.post(at + "resolve/", {"code": "fixed", "note": "Really."})
    closed = eli.post(at + "close/")
    assert closed.json()["status"] == "closed"
    assert closed["ETag"] == f'"{Ticket.objects.get().version}"'
    kinds = {event["name"] for event in eli.get(at + "history/?limit=200").json()["results"]}
    assert {"ticket.created", "ticket.escalated", "ticket.resolved", "ticket.closed"} <= kinds
    assert eli.get("/time-entries/?subject=" + ref).json()["results"][0]["minutes"] == 20


def test_a_handoff_without_words_or_sop_is_refused(api, desk):
    ana = api("ana")
    ref = made(ana, component="checkout")["reference"]
    errors = problem(ana.post(f"/tickets/{ref}/escalate/", {"from_tier": 1}), 400)["errors"]
    assert {"summary", "business_impact", "tried"} <= set(errors)
    problem(ana.post(f"/tickets/{ref}/escalate/", HANDOFF | {"no_sop": False}), 400)


def test_links_need_both_ends_to_be_visible(api, desk):
    ana = api("ana")
    one, other = made(ana)["reference"], made(ana)["reference"]
    assert ana.post(f"/tickets/{one}/link/", {"to": other, "kind": "duplicates"}).status_code == 200
    Ticket.objects.filter(pk=other.split("-")[1]).update(confidential=True)
    problem(ana.post(f"/tickets/{one}/link/", {"to": other, "kind": "blocks"}), 404)


def test_customers_get_their_own_in_their_own_words(api, desk, customer, drew):
    ana = api("ana")
    mine = made(customer, application="shop")
    ref = mine["reference"]
    made(ana, subject="Not theirs")
    assert "team" not in mine
    assert "rank_reason" not in mine
    ana.post(f"/tickets/{ref}/reply/", {"body": "MARKER internal", "public": False})
    ana.post(f"/tickets/{ref}/reply/", {"body": "Hello"})
    entries = customer.get(f"/tickets/{ref}/entries/")
    assert [entry["body"] for entry in entries.json()["results"]] == ["Hello"]
    assert [row["reference"] for row in customer.get("/tickets/").json()["results"]] == [ref]
    for path in ("", "clocks/", "entries/"):
        assert b"MARKER" not in customer.get(f"/tickets/{ref}/{path}").content
        problem(Api(token_for("drew")).get(f"/tickets/{ref}/{path}"), 404)
    problem(customer.get(f"/tickets/{ref}/history/"), 404)
    problem(customer.post(f"/tickets/{ref}/take/"), 403)
    assert (
        "confidential"
        in problem(customer.post("/tickets/", {"subject": "x", "confidential": True}), 400)["errors"]
    )
    assert customer.post(f"/tickets/{ref}/reply/", {"body": "Thanks"}).json()["kind"] == "customer_message"


def test_filters(api, desk, eli):
    ana = api("ana")
    slow, fast = made(ana), made(ana, subject="Too fast", impact="high", urgency="high")
    ana.post(f"/tickets/{fast['reference']}/take/")

    def found(query):
        return sorted(row["reference"] for row in ana.get(f"/tickets/?{query}").json()["results"])

    both = sorted([slow["reference"], fast["reference"]])
    assert found("status=new,open") == both
    assert found("priority=P0") == [fast["reference"]]
    assert found("assignee=me") == found("assignee=ana") == [fast["reference"]]
    assert found("assignee=none") == [slow["reference"]]
    assert found("severity=none&tier=1,2") == both
    assert found("search=fast") == [fast["reference"]]
    assert found("created_before=2020-01-01") == []
    for query in ("status=gone", "tier=x", "assignee=nobody", "ordering=subject", "breached=maybe"):
        problem(ana.get(f"/tickets/?{query}"), 400)


def test_the_list_costs_the_same_with_many_rows(api, desk, django_assert_max_num_queries):
    ana = api("ana")
    for _ in range(12):
        made(ana, organisation="north", application="shop")
    with django_assert_max_num_queries(12):
        assert len(ana.get("/tickets/").json()["results"]) == 12
