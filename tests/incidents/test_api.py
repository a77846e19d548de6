import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.outbox.models import OutgoingMessage
from incidents import panels
from incidents.models import Incident
from tests.api.conftest import api, problem  # noqa: F401 - the fixture of the API's clients
from tests.incidents.conftest import at
from tickets.models import Ticket

pytestmark = pytest.mark.django_db
ROOT = "/incidents/INC-1/"


@pytest.fixture
def declare(api, payments, stakeholders):  # noqa: F811
    def make(name="ira", **body):
        answer = api(name).post(
            "/incidents/", {"title": "Card payments fail", "applications": ["payments"], **body}
        )
        assert answer.status_code == 201, answer.content
        return f"/incidents/{answer.json()['reference']}/"

    return make


def test_a_title_is_enough(api, db):  # noqa: F811
    answer = api("ana").post("/incidents/", {"title": "Something is wrong"})

    body = answer.json()
    assert (answer.status_code, body["status"], body["severity"]) == (201, "declared", None)
    assert answer["Location"].endswith(f"/api/v1/incidents/{body['reference']}/")
    assert body["cadence_minutes"] == 15 and body["next_update_due_at"].endswith("Z")


def test_the_ledger_is_answered_with_every_field(api, declare):  # noqa: F811
    with time_machine.travel(at("10:02"), tick=False):
        url = declare()
    with time_machine.travel(at("10:20"), tick=False):
        answer = api("ira").post(
            f"{url}update/", {"what": "One node is out.", "affected": "Shops.", "doing": "Moving traffic."}
        )

    assert answer.status_code == 201
    first, second = api("ira").get(f"{url}updates/").json()["results"]
    assert (first["number"], first["kind"], first["recipients"]) == (1, "acknowledgement", 2)
    assert (second["kind"], second["due_at"], second["late_seconds"]) == (
        "update",
        "2026-03-02T10:17:00Z",
        180,
    )
    assert (
        second["body"]
        == "What is happening\nOne node is out.\n\nWho is affected\nShops.\n\nWhat we are doing\nMoving traffic."
    )
    assert api("ira").get(url).json()["next_update_due_at"] == "2026-03-02T10:35:00Z"


def test_an_update_says_something_in_one_form_only(api, declare):  # noqa: F811
    url = declare()

    problem(api("ira").post(f"{url}update/", {"doing": "Looking"}), 400)
    problem(api("ira").post(f"{url}update/", {"body": "x", "what": "y"}), 400)


def test_the_whole_life(api, declare, settings):  # noqa: F811
    settings.OWN_DOMAINS = frozenset({"firm.example"})  # nobody there has to confirm first
    url, ira = declare(), api("ira")

    assert ira.post(f"{url}acknowledge/").json()["status"] == "investigating"
    problem(ira.post(f"{url}acknowledge/"), 409)
    assert (
        ira.post(f"{url}status/", {"status": "monitoring", "note": "Watching"}).json()["status"]
        == "monitoring"
    )
    assert ira.post(f"{url}assign_roles/", {"scribe": "ira"}).json()["scribe"] == "ira"
    assert ira.post(f"{url}set_cadence/", {"minutes": 30, "reason": "Slow"}).json()["cadence_minutes"] == 30
    assert ira.post(f"{url}add_entry/", {"body": "Drain it", "kind": "decision"}).status_code == 201
    assert ira.post(f"{url}subscribe/", {"email": "new@firm.example"}).status_code == 200
    assert "errors" in problem(ira.post(f"{url}restore/", {"body": "Works"}), 400)  # no severity yet
    assert ira.patch(url, {"severity": "SEV2"}).json()["severity"] == "SEV2"
    restored = ira.post(f"{url}restore/", {"body": "Works"}).json()
    assert (restored["status"], restored["next_update_due_at"]) == ("restored", None)
    assert ira.post(f"{url}reopen/", {"reason": "Again"}).json()["status"] == "investigating"
    assert ira.post(f"{url}restore/", {"body": "Works"}).json()["status"] == "restored"
    said = problem(ira.post(f"{url}close/"), 409)["detail"]
    assert "impact on availability" in said and "post-mortem" in said
    assert ira.post(f"{url}assess_impact/", {"no_impact": True, "reason": "A test."}).status_code == 201
    assert ira.post(f"{url}postmortem/").status_code == 201
    text = {"summary": "Cards failed.", "root_cause": "A pool.", "no_actions_reason": "Done already."}
    assert ira.patch(f"{url}postmortem/", text).json()["status"] == "draft"
    assert ira.post(f"{url}postmortem/publish/").json()["status"] == "published"
    assert ira.post(f"{url}close/").json()["status"] == "closed"
    problem(ira.post(f"{url}reopen/", {"reason": "Again"}), 409)
    told = OutgoingMessage.objects.filter(to="new@firm.example").count()
    assert told == 3  # restored, the correction, restored
    assert len(ira.get(f"{url}timeline/").json()["results"]) > 10


@pytest.mark.parametrize("name", ["ana", "eli", "kim"])
def test_only_commander_manager_and_admin_restore(name, api, declare):  # noqa: F811
    url = declare(severity="SEV2")

    refused = problem(api(name).post(f"{url}restore/", {"body": "Works"}), 403)

    assert "Incident commander" in refused["detail"]


def test_for_customers_there_are_no_incidents(api, declare):  # noqa: F811
    url = declare()

    for path in (url, f"{url}updates/", f"{url}timeline/", "/incidents/"):
        problem(api("casey").get(path), 404)
    problem(api("casey").post(f"{url}update/", {"what": "x"}), 404)
    problem(api("casey").post("/incidents/", {"title": "x"}), 404)


def test_a_stale_edit_is_refused_with_what_changed(api, declare):  # noqa: F811
    url = declare()
    tag = api("ira").get(url)["ETag"]
    api("eli").patch(url, {"title": "Cards fail in Ireland"})

    refused = api("ira").patch(url, {"title": "Cards fail"}, **{"If-Match": tag})

    assert "Cards fail in Ireland" in str(problem(refused, 412)["errors"])
    assert Incident.objects.get().title == "Cards fail in Ireland"


@pytest.mark.parametrize(
    ("field", "named"),
    [("status", "restore"), ("commander", "assign_roles"), ("cadence_minutes", "set_cadence")],
)
def test_what_an_action_changes_is_not_patched(field, named, api, declare):  # noqa: F811
    url = declare()

    refused = problem(api("ira").patch(url, {field: "x"}), 400)

    assert named in str(refused["errors"])


def test_lists_filter_search_and_order(api, declare, payments):  # noqa: F811
    declare(severity="SEV1")
    declare(title="Ledger is slow", applications=[])
    ira = api("ira")

    def titles(query):
        return [row["title"] for row in ira.get(f"/incidents/?{query}").json()["results"]]

    assert titles("severity=SEV1") == ["Card payments fail"]
    assert titles("severity=none") == ["Ledger is slow"]
    assert titles("application=payments") == ["Card payments fail"]
    assert titles("search=ledger") == ["Ledger is slow"]
    assert titles("status=declared,restored&ordering=title") == ["Card payments fail", "Ledger is slow"]
    problem(ira.get("/incidents/?status=broken"), 400)
    problem(ira.get("/incidents/?ordering=summary"), 400)


def test_a_list_costs_the_same_for_one_and_for_ten(api, declare):  # noqa: F811
    declare()
    ira = api("ira")
    ira.get("/incidents/")

    def queries():
        with CaptureQueriesContext(connection) as context:
            ira.get("/incidents/")
        return len(context)

    for_one = queries()
    for number in range(10):
        declare(title=f"Trouble {number}")
    assert queries() == for_one <= 12


def test_recent_changes_come_from_the_apps_above(api, declare, monkeypatch):  # noqa: F811
    url = declare()
    asked = []

    def source(incident, actor, since, until):
        asked.append((incident.started_at - since).days)
        return [
            panels.RecentChange(
                "CHG-1", "Rotate nodes", "closed", since, "/changes/CHG-1/", True, ["payments"]
            )
        ]

    monkeypatch.setattr(panels, "_changes", [source])

    [change] = api("ira").get(f"{url}recent_changes/").json()

    assert (change["reference"], change["suspected"], asked) == ("CHG-1", True, [3])


def test_an_incident_from_a_ticket_takes_its_facts_and_is_linked(api, payments, stakeholders):  # noqa: F811
    ira = api("ira")
    ticket = ira.post("/tickets/", {"subject": "Till 3 fails", "application": "payments"}).json()["reference"]

    made = ira.post(f"/tickets/{ticket}/declare_incident/", {"severity": "SEV2"}).json()

    assert (made["title"], made["applications"], made["tickets"]) == ("Till 3 fails", ["payments"], [ticket])
    again = problem(ira.post(f"/tickets/{ticket}/declare_incident/", {}), 409)
    assert made["reference"] in again["detail"]


def test_a_confidential_subject_is_not_told_to_everybody(api, stakeholders):  # noqa: F811
    ira = api("ira")
    ticket = ira.post("/tickets/", {"subject": "Salary file leaked"}).json()["reference"]
    ira.post(f"/tickets/{ticket}/take/")
    Ticket.objects.update(confidential=True)

    problem(ira.post(f"/tickets/{ticket}/declare_incident/", {}), 400)
    made = ira.post(f"/tickets/{ticket}/declare_incident/", {"title": "Data incident"})

    assert made.json()["title"] == "Data incident"
    assert not OutgoingMessage.objects.filter(text__contains="Salary").exists()
