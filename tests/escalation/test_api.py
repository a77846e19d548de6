from datetime import timedelta
from types import SimpleNamespace

import pytest

from core.audit.models import Event
from escalation.models import Team
from tests.escalation.conftest import NOON


@pytest.fixture
def api(client, house):
    """Calls as a signed-in person: api("max").get("teams/")."""

    def of(name: str) -> SimpleNamespace:
        def call(method: str, path: str, body: object = None, **headers: str):
            client.force_login(getattr(house, name))
            send = getattr(client, method)
            return send(f"/api/v1/{path}", body, content_type="application/json", headers=headers)

        def get(path: str):
            client.force_login(getattr(house, name))
            return client.get(f"/api/v1/{path}")

        return SimpleNamespace(
            get=get,
            post=lambda path, body=None, **headers: call("post", path, body or {}, **headers),
            patch=lambda path, body, **headers: call("patch", path, body, **headers),
        )

    return of


def test_on_call_answers_with_the_documented_fields(api):
    (answer,) = api("ana").get("on-call/?component=gateway").json()
    wanted = [
        "team",
        "scope",
        "person",
        "phone",
        "email",
        "until",
        "next",
        "reason",
        "reviewed_at",
        "escalation",
    ]
    assert {name: answer[name] for name in wanted} == {
        "team": "payments",
        "scope": "Card payments, settlement files, refunds.",
        "person": "eli",
        "phone": "+44 20 5550 0101",
        "email": "eli@desk.example",
        "until": "2027-06-21T08:00:00Z",
        "next": "lea",
        "reason": "Rotation Primary",
        "reviewed_at": "2027-06-16T12:00:00Z",
        "escalation": [
            {
                "person": "ira",
                "name": "Ira Ivers",
                "role": "team lead",
                "after_minutes": 5,
                "together": False,
                "people": [],
                "phone": "+44 20 5550 0103",
            },
            {
                "person": "max",
                "name": "Max Moreau",
                "role": "team manager",
                "after_minutes": 10,
                "together": False,
                "people": [],
                "phone": "",
            },
        ],
    }


def test_on_call_by_team_at_a_moment(api):
    (answer,) = api("ana").get("on-call/?team=payments&at=2027-06-22T10:00:00Z").json()
    assert answer["person"] == "lea"


def test_on_call_by_words_ranks_and_may_find_nothing(api):
    assert api("ana").get("on-call/?q=settlement").json()[0]["team"] == "payments"
    assert api("ana").get("on-call/?q=xyzzy").json() == []


def test_nobody_on_call_is_null(api):
    (answer,) = api("ana").get("on-call/?team=network").json()
    assert answer["person"] is None


@pytest.mark.parametrize(
    "query", ["team=nowhere", "component=none", "at=yesterday", "x=1", "team=network&q=a"]
)
def test_bad_questions_are_problem_documents(api, query):
    response = api("ana").get(f"on-call/?{query}")
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path", ["on-call/", "teams/", "teams/payments/", "people/", "people/eli/", "rotations/", "overrides/"]
)
def test_for_customers_none_of_it_exists(api, client, house, casey, path):
    client.force_login(casey)
    assert client.get(f"/api/v1/{path}").status_code == 404


def test_a_team_is_made_read_and_changed(api):
    made = api("max").post("teams/", {"name": "Storage", "tier": 3, "lead": "lea", "components": ["ledger"]})
    assert (made.status_code, made["Location"]) == (201, "http://testserver/api/v1/teams/storage/")
    changed = api("max").patch("teams/storage/", {"scope": "Disks"}, **{"If-Match": made["ETag"]})
    assert (changed.status_code, changed.json()["scope"]) == (200, "Disks")
    stale = api("max").patch("teams/storage/", {"scope": "Tapes"}, **{"If-Match": made["ETag"]})
    assert (stale.status_code, stale.json()["errors"]) == (412, {"scope": ["Now: Disks"]})
    assert Event.objects.filter(name="team.changed", door="api").count() == 1


def test_an_engineer_may_not_write_teams(api):
    assert api("eli").patch("teams/payments/", {"phone": "1"}).status_code == 403


def test_a_customer_cannot_become_a_lead(api, casey):
    assert api("max").patch("teams/payments/", {"lead": "casey"}).status_code == 400


def test_a_rotation_and_an_override_decide_who_is_on_call(api):
    made = api("max").post(
        "rotations/",
        {"team": "network", "name": "Days", "people": ["lea", "ira"], "period": "daily",
         "handoff_time": "08:00", "start": "2027-06-16"},
    )  # fmt: skip
    assert made.status_code == 201, made.json()
    assert made.json()["people"] == ["lea", "ira"]
    override = api("lea").post(
        "overrides/",
        {"rotation": made.json()["id"], "user": "eli", "instead_of": "lea", "starts_at": "2027-06-16T11:00:00Z",
         "ends_at": "2027-06-16T20:00:00Z"},
    )  # fmt: skip
    assert override.status_code == 201, override.json()
    (answer,) = api("ana").get("on-call/?team=network").json()
    assert (answer["person"], answer["until"], answer["reason"]) == (
        "eli",
        "2027-06-16T20:00:00Z",
        "Stands in for Lea Lind",
    )
    assert api("lea").post(f"overrides/{override.json()['id']}/cancel/").status_code == 200
    assert api("ana").get("on-call/?team=network").json()[0]["person"] == "lea"


def test_lists_can_be_filtered(api):
    teams = api("ana").get("teams/?component=gateway&tier=2").json()["results"]
    assert [team["slug"] for team in teams] == ["payments"]
    people = api("ana").get("people/?team=payments").json()["results"]
    assert [person["username"] for person in people] == ["eli", "ira", "lea"]


def test_a_private_number_shows_only_while_on_call(api, house):
    house.lea.phone = "+44 20 5550 0102"
    house.lea.save()
    numbers = {row["username"]: row["phone"] for row in api("ana").get("people/").json()["results"]}
    assert numbers["eli"] == "+44 20 5550 0101"
    assert numbers["lea"] is None
    assert api("lea").get("people/lea/").json()["phone"] == "+44 20 5550 0102"


def test_about_another_moment_private_numbers_stay_private(api, house):
    house.lea.phone = "+44 20 5550 0102"
    house.lea.save()
    (answer,) = api("ana").get("on-call/?team=payments&at=2027-06-22T10:00:00Z").json()
    assert (answer["person"], answer["phone"]) == ("lea", "")
    assert answer["escalation"][0]["phone"] == "+44 20 5550 0103"


def test_people_change_their_own_entry(api):
    typed = {"languages": "English", "work_days": [0, 1], "work_from": "09:00", "work_to": "17:00"}
    changed = api("lea").patch("people/lea/", typed, **{"If-Match": '"1"'})
    assert changed.status_code == 200, changed.json()
    assert {name: changed.json()[name] for name in typed} == typed
    assert api("lea").patch("people/lea/", typed, **{"If-Match": '"1"'}).status_code == 412
    assert api("eli").patch("people/lea/", typed).status_code == 403
    assert api("lea").post("people/lea/review/").status_code == 200


def test_a_vendor_says_contract_and_what_to_quote(api):
    facts = {"is_vendor": True, "contract": "7731", "quote": "Site 12", "portal_url": "https://bank.example/"}
    made = api("max").post("teams/", {"name": "File transfer vendor", **facts})
    assert made.status_code == 201, made.json()
    assert {name: made.json()[name] for name in facts} == facts
    found = api("ana").get("teams/?vendor=true").json()["results"]
    assert [team["slug"] for team in found] == ["file-transfer-vendor"]


def test_overdue_entries_are_marked_and_found(api, noon):
    assert api("ana").get("teams/payments/").json()["overdue"] is False
    noon.shift(timedelta(days=92))
    assert api("ana").get("teams/payments/").json()["overdue"] is True
    assert api("ana").get("on-call/?team=payments").json()[0]["overdue"] is True
    assert api("ana").get("people/eli/").json()["overdue"] is True
    assert len(api("ana").get("teams/?overdue=true").json()["results"]) == 3
    assert api("ana").get("people/?overdue=false").json()["count"] == 0
    assert api("max").patch("teams/network/", {"areas": ["network"]}).status_code == 200
    assert [t["slug"] for t in api("ana").get("teams/?area=network,data").json()["results"]] == ["network"]


def test_reviewing_through_the_api(api, noon):
    noon.shift(timedelta(days=10))
    assert api("max").post("teams/payments/review/").status_code == 200
    assert Team.objects.get(slug="payments").review_due == (NOON + timedelta(days=101)).date()


def test_customers_and_strangers_are_not_people(api, casey):
    assert api("ana").get("people/casey/").status_code == 404
