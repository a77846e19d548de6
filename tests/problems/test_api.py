import json

import pytest

from problems import operations
from problems.models import FollowUpAction, Problem
from tests.api.conftest import api  # noqa: F401  (the fixture)


@pytest.fixture
def pia_api(pia, api):  # noqa: F811
    return api("pia")


def body(answer, status: int = 200):
    assert answer.status_code == status, answer.content
    return json.loads(answer.content)


def test_the_whole_way(pia_api, max, by):
    made = pia_api.post("/problems/", {"title": "Export stops", "source": "recurring"})
    at = f"/problems/{body(made, 201)['reference']}/"
    assert made["Location"].endswith(at)

    body(pia_api.post(f"{at}investigate/"))
    caused = body(
        pia_api.post(f"{at}root_cause/", {"category": "code", "statement": "A leak.", "whys": ["a", "b"]})
    )
    assert caused["status"] == "known_error"
    assert caused["root_cause"]["whys"] == ["a", "b"]
    planned = body(pia_api.post(f"{at}plan_fix/", {"fix_kind": "hotfix", "changes": []}))
    assert (planned["status"], planned["fix_kind"], planned["changes"]) == ("fixing", "hotfix", [])
    action = {"title": "Watch the cursors", "owner": "pia", "due": "2030-01-31", "priority": "P1"}
    entry = body(pia_api.post(f"{at}add_action/", action), 201)
    assert (entry["status"], entry["owner"], entry["due"]) == ("proposed", "pia", "2030-01-31")
    body(pia_api.post(f"{at}resolve/"))
    assert body(pia_api.post(f"{at}close/"), 409)["detail"].startswith("1 action is still open")
    for verb, status in (("accept", "accepted"), ("start", "in_progress"), ("done", "done")):
        assert body(pia_api.post(f"/actions/{entry['id']}/{verb}/"))["status"] == status
    assert body(pia_api.post(f"{at}close/"))["status"] == "closed"
    assert body(pia_api.post(f"{at}reopen/", {"reason": "Again."}))["status"] == "investigating"


def test_a_known_error_needs_a_workaround_and_another_author(problem, pia_api, api, max):  # noqa: F811
    at = f"/problems/{problem.reference}/publish_known_error/"
    text = {"symptom": "It stops.", "workaround": "By month.", "audience": "customers", "matcher": "export"}

    assert "workaround" in body(api("max").post(at, {"symptom": "It stops."}), 400)["errors"]
    assert body(pia_api.post(at, text), 403)["status"] == 403
    known = body(api("max").post(at, text))["known_error"]

    assert (known["audience"], known["published_by"]) == ("customers", "max")


def test_status_is_not_patched_and_the_action_is_named(problem, pia_api):
    answer = body(pia_api.patch(f"/problems/{problem.reference}/", {"status": "closed"}), 400)

    assert "investigate" in answer["errors"]["status"][0]


def test_a_stale_patch_is_refused_with_what_differs(problem, pia_api, ana, by):
    operations.edit(problem.reference, changes={"title": "Theirs"}, by=by(ana))

    answer = pia_api.patch(f"/problems/{problem.reference}/", {"title": "Mine"}, **{"If-Match": '"1"'})

    assert body(answer, 412)["fields"] == {"title": "Theirs"}


def test_lists_filter_and_refuse_what_they_do_not_know(problem, caused, pia_api, add):
    add()

    assert body(pia_api.get("/problems/?status=known_error,open"))["count"] == 1
    assert body(pia_api.get("/problems/?status=closed"))["count"] == 0
    assert body(pia_api.get("/actions/?owner=me&open=true"))["count"] == 1
    assert body(pia_api.get(f"/problems/{problem.reference}/actions/"))["count"] == 1
    assert body(pia_api.get("/actions/?due_before=2026-03-21"))["count"] == 1
    assert body(pia_api.get(f"/actions/?problem={problem.reference}"))["count"] == 1
    assert pia_api.get("/problems/?status=nonsense").status_code == 400
    assert pia_api.get("/actions/?due_before=soon").status_code == 400


def test_agenda_burndown_and_history(problem, add, pia_api):
    add()

    (item,) = body(pia_api.get("/problems/agenda/"))
    weeks = body(pia_api.get("/problems/burndown/"))
    history = body(pia_api.get(f"/problems/{problem.reference}/history/"))

    assert (item["reference"], item["open_actions"]) == (problem.reference, 1)
    assert (len(weeks), weeks[-1]["open"]) == (13, 1)
    assert [event["name"] for event in history["results"]] == ["problem.opened", "problem.action_added"]


@pytest.mark.parametrize("due", ["0001-01-01", "9999-12-31", "soon", 5, None])
def test_an_impossible_day_is_bad_input(problem, pia_api, due):
    answer = pia_api.post(f"/problems/{problem.reference}/add_action/", {"title": "Do it", "due": due})

    assert "due" in body(answer, 400)["errors"]
    assert not FollowUpAction.objects.exists()


def test_an_unknown_action_is_not_found(pia_api):
    for ref in ("1", "0", "x", "9" * 30):
        assert pia_api.get(f"/actions/{ref}/").status_code == 404


@pytest.mark.parametrize("path", ["/problems/", "/problems/agenda/", "/problems/burndown/", "/actions/"])
def test_for_customers_there_is_nothing(problem, api, path):  # noqa: F811
    assert api("casey").get(path).status_code == 404
    assert api("casey").get(f"/problems/{problem.reference}/").status_code == 404
    assert api("casey").post(f"/problems/{problem.reference}/close/").status_code == 404
    assert api("casey").post("/tickets/TKT-1/raise_problem/").status_code == 404


def test_an_account_manager_hears_who_can(problem, api):  # noqa: F811
    assert "can" in body(api("kim").get("/problems/"), 403)["detail"]
    assert Problem.objects.count() == 1
