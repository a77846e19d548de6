from datetime import date

import pytest
from django.urls import reverse

from problems import follow_up, operations
from problems.models import Problem
from problems.views import ACTION_VERBS, VERBS


@pytest.fixture
def pages(client, pia):
    client.force_login(pia)
    return client


def test_the_board_shows_each_problem_in_its_column_with_the_way_on(pages, problem, pia, by):
    operations.open_problem(title="Another one", by=by(pia))
    operations.investigate(problem.reference, by=by(pia))

    page = pages.get("/problems/").content.decode()

    assert "State the cause, " + problem.reference in page
    assert page.count("data-row") == 2


def test_a_late_action_is_done_from_the_board(pages, add):
    action = add(due=date(2020, 1, 1))
    assert "d late" in pages.get("/problems/").content.decode()

    answer = pages.post(f"/problems/actions/{action.pk}/done/", {"next": "/problems/"})

    assert answer.url == "/problems/"
    action.refresh_from_db()
    assert action.status == "done"


def test_back_to_this_site_only(pages, add):
    answer = pages.post(f"/problems/actions/{add().pk}/done/", {"next": "https://evil.example/"})

    assert answer.url.startswith("/problems/PRB-")


@pytest.mark.parametrize("place", ["", "all/", "actions/", "known-errors/", "agenda/", "new/"])
def test_every_page_answers_empty_and_full(pages, place, request, pia, by):
    assert pages.get(f"/problems/{place}").status_code == 200
    add = request.getfixturevalue("add")
    operations.propose_known_error(
        add().problem.reference, symptom="It stops.", workaround="Wait.", by=by(pia)
    )
    assert pages.get(f"/problems/{place}").status_code == 200


def test_the_page_of_a_problem_with_everything_on_it(pages, caused, add, max, by):
    add()
    follow_up.drop_action(add(title="Other").pk, reason="No need.", by=by(max))
    operations.publish_known_error(caused.reference, symptom="It stops.", workaround="By month.", by=by(max))

    page = pages.get(f"/problems/{caused.reference}/").content.decode()

    for text in (
        "A cursor leaks.",
        "By month.",
        "No need.",
        "Alert before a certificate ends",
        "stated the root cause",
    ):
        assert text in page


def test_a_problem_is_opened(pages):
    answer = pages.post("/problems/new/", {"title": "Ledger lags", "source": "recurring", "priority": "P1"})

    problem = Problem.objects.get()
    assert answer.url == f"/problems/{problem.reference}/"
    assert (problem.title, problem.source, problem.priority) == ("Ledger lags", "recurring", "P1")


def test_the_whole_way_by_forms(pages, problem, max, client):
    at = f"/problems/{problem.reference}/"
    pages.post(f"{at}investigate/")
    pages.post(
        f"{at}root_cause/",
        {"category": "code", "statement": "A cursor leaks.", "why1": "No rows", "why3": "Leak"},
    )
    pages.post(f"{at}plan_fix/", {"fix_kind": "hotfix", "changes": ""})
    pages.post(f"{at}resolve/")
    pages.post(f"{at}close/")

    problem.refresh_from_db()
    assert (problem.status, problem.whys) == ("closed", ["No rows", "Leak"])


def test_what_was_typed_stays_when_a_field_is_wrong(pages, problem):
    answer = pages.post(
        f"/problems/{problem.reference}/root_cause/", {"category": "code", "why1": "Typed with care"}
    )

    assert answer.status_code == 422
    assert "Typed with care" in answer.content.decode()


def test_what_was_typed_stays_when_somebody_was_faster(pages, problem, ana, by):
    operations.edit(problem.reference, changes={"title": "Theirs"}, by=by(ana))

    answer = pages.post(
        f"/problems/{problem.reference}/edit/",
        {"title": "Mine", "source": "recurring", "priority": "P2", "version": 1},
    )

    page = answer.content.decode()
    assert answer.status_code == 412
    assert 'value="Mine"' in page
    assert "Now: Theirs" in page


def test_a_drop_without_a_reason_says_so(pages, add):
    answer = pages.post(f"/problems/actions/{add().pk}/drop/", {"reason": ""})

    assert answer.status_code == 422


def test_an_illegal_move_is_answered_on_the_page(pages, problem):
    answer = pages.post(f"/problems/{problem.reference}/close/")

    assert answer.status_code == 409
    assert "Possible now: start the investigation" in answer.content.decode()


def test_an_analyst_does_not_publish(client, ana, problem):
    client.force_login(ana)

    answer = client.post(f"/problems/{problem.reference}/publish_known_error/", {})

    assert answer.status_code == 403


def test_for_customers_there_is_nothing(client, casey, add):
    action = add()
    client.force_login(casey)
    ref = action.problem.reference

    for name in ("list", "all", "new", "actions", "known_errors", "agenda"):
        assert client.get(reverse(f"problems:{name}")).status_code == 404
    assert client.get(reverse("problems:detail", args=[ref])).status_code == 404
    for name in VERBS:
        assert client.post(reverse(f"problems:{name}", args=[ref])).status_code == 404
    for name in ACTION_VERBS:
        assert client.post(reverse(f"problems:action_{name}", args=[action.pk])).status_code == 404


def test_no_page_asks_more_of_the_database_when_there_is_more(pages, pia, by, django_assert_max_num_queries):
    def fill(count: int) -> Problem:
        for number in range(count):
            problem = operations.open_problem(title=f"Problem {number}", owner=pia, by=by(pia))
            follow_up.add_action(problem.reference, title="Do it", due=date(2020, 1, 1), by=by(pia))
        return problem

    def asked(path: str) -> int:
        with django_assert_max_num_queries(25) as queries:
            assert pages.get(path).status_code == 200
        return len(queries)

    problem = fill(2)
    for _ in range(2):
        follow_up.add_action(problem.reference, title="More", due=date(2020, 1, 1), by=by(pia))
    paths = [
        "/problems/",
        "/problems/all/",
        "/problems/actions/",
        "/problems/agenda/",
        f"/problems/{problem.reference}/",
    ]
    before = {path: asked(path) for path in paths}
    fill(15)
    for _ in range(10):
        follow_up.add_action(problem.reference, title="More", due=date(2020, 1, 1), by=by(pia))

    assert {path: asked(path) for path in paths} == before


def test_every_form_carries_its_token(pages, caused, add):
    add(due=date(2020, 1, 1))

    for path in ("/problems/", "/problems/actions/", "/problems/new/", f"/problems/{caused.reference}/"):
        page = pages.get(path).content.decode()
        assert page.count('method="post"') == page.count("csrfmiddlewaretoken") > 0, path
