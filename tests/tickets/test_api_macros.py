"""Macros through the API: kept by who manages them, used by who works on tickets."""

from __future__ import annotations

import pytest

from core.audit.models import Event
from tests.api.conftest import Api, problem, token_for
from tickets import operations
from tickets.models import Macro, Ticket

pytestmark = pytest.mark.django_db
HELLO = {
    "name": "Hello",
    "text": "Dear {requester.first_name}, about {{ ticket.reference }}.",
    "changes": {"priority": "P1", "reason": "Card outage", "tags": ["cards"], "status": "waiting"},
}


@pytest.fixture
def analyst(desk):
    return Api(token_for("ana"))


@pytest.fixture
def boss(desk):
    return Api(token_for("max"))


@pytest.fixture
def hello(boss):
    return boss.post("/macros/", HELLO).json()


def test_a_macro_is_made_changed_and_retired(boss, analyst):
    answer = boss.post("/macros/", HELLO)
    made = answer.json()
    assert (answer.status_code, answer["ETag"]) == (201, '"1"')
    assert answer["Location"].endswith(f"/api/v1/macros/{made['id']}/")
    assert (made["public"], made["active"], made["team"]) == (True, True, None)
    assert [row["name"] for row in analyst.get("/macros/").json()["results"]] == ["Hello"]

    edited = boss.patch(f"/macros/{made['id']}/", {"name": "Good day"}, **{"If-Match": '"1"'})
    assert edited.json() == {**made, "name": "Good day"}  # what is not named stays
    assert (
        "Good day"
        in problem(boss.patch(f"/macros/{made['id']}/", {"name": "x"}, **{"If-Match": '"1"'}), 412)["detail"]
    )

    assert boss.patch(f"/macros/{made['id']}/", {"active": False}).json()["active"] is False
    assert analyst.get("/macros/").json()["results"] == []
    problem(analyst.get(f"/macros/{made['id']}/"), 404)
    assert boss.get("/macros/?active=false").json()["count"] == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"text": "Dear {requester.nmae}"}, "text"),
        ({"text": ""}, "text"),
        ({"name": " "}, "name"),
        ({"changes": {"priority": "P1"}}, "changes.reason"),
        ({"changes": {"team": "nowhere"}}, "changes.team"),
        ({"changes": {"status": "closed"}}, "changes.status"),
        ({"changes": {"nonsense": 1}}, "changes.nonsense"),
        ({"team": "nowhere"}, "team"),
    ],
)
def test_a_wrong_macro_is_refused_at_its_field(boss, body, field):
    refused = problem(boss.post("/macros/", {"name": "Hello", "text": "Hello", **body}), 400)
    assert field in refused["errors"]
    assert not Macro.objects.exists()


def test_a_wrong_change_leaves_the_macro_as_it_was(boss, hello):
    refused = problem(boss.patch(f"/macros/{hello['id']}/", {"text": "{oops}"}), 400)
    assert "Not known: {oops}" in refused["errors"]["text"][0]
    assert boss.get(f"/macros/{hello['id']}/").json() == hello


def test_the_variables_are_listed(analyst):
    found = {row["name"] for row in analyst.get("/macros/variables/").json()}
    assert {"requester.name", "ticket.reference", "me.name"} <= found


def test_the_preview_changes_nothing_and_applying_does(analyst, hello, ticket):
    at = f"/tickets/{ticket.reference}"
    effect = analyst.get(f"{at}/macro_preview/?macro={hello['id']}").json()
    assert effect["text"] == f"Dear Casey, about {ticket.reference}."
    assert (effect["changes"], effect["then"]) == (["Priority P2 → P1", "Tags + cards"], "waiting")
    assert Ticket.objects.get().priority == "P2"

    answer = analyst.post(f"{at}/apply_macro/", {"macro": hello["id"], "typed": "I looked."})
    done = answer.json()
    assert (done["priority"], done["tags"], done["status"]) == (
        "P1",
        ["cards"],
        "new",
    )  # waiting comes with the reply
    assert done["applied"] == effect
    assert answer["ETag"] == f'"{Ticket.objects.get().version}"'
    assert analyst.get(f"{at}/draft/").json()["text"] == f"I looked.\n\nDear Casey, about {ticket.reference}."
    assert analyst.get(f"{at}/macro_preview/?macro={hello['id']}").json()["changes"] == []


def test_applied_once_for_one_key(analyst, hello, ticket):
    for _ in range(2):
        key = {"Idempotency-Key": "k1"}
        last = analyst.post(f"/tickets/{ticket.reference}/apply_macro/", {"macro": hello["id"]}, **key)
    assert last["Idempotency-Replayed"] == "true" and last["ETag"]
    assert Event.objects.filter(name="ticket.macro_used").count() == 1


def test_a_macro_of_another_team_cannot_be_used(desk, boss, analyst, ticket):
    theirs = boss.post("/macros/", {"name": "L3", "text": "x", "team": "team-3"}).json()["id"]
    problem(analyst.get(f"/macros/{theirs}/"), 404)
    for answer in (
        analyst.post(f"/tickets/{ticket.reference}/apply_macro/", {"macro": theirs}),
        analyst.get(f"/tickets/{ticket.reference}/macro_preview/?macro={theirs}"),
        analyst.get(f"/tickets/{ticket.reference}/macro_preview/?macro=999999"),
    ):
        assert "macro" in problem(answer, 400)["errors"]


def test_the_list_costs_the_same_with_many(desk, analyst, by, max_, django_assert_max_num_queries):
    for number in range(12):
        operations.save_macro(name=f"Macro {number}", text="x", team=desk.teams[0], by=by(max_))
    with django_assert_max_num_queries(8):
        assert analyst.get("/macros/").json()["count"] == 12
