from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalogue.models import Application
from changes import operations
from changes.models import Change, Freeze
from core.common import clock
from incidents import panels
from incidents.models import Incident
from problems.models import Problem
from worklog import queries as worklog

pytestmark = pytest.mark.django_db
PAGES = ["/changes/", "/changes/all/", "/changes/new/", "/changes/calendar.ics"]


@pytest.fixture
def at(client):
    """`at(user)`: a browser signed in as the user."""

    def sign_in(user: Any) -> Any:
        client.force_login(user)
        return client

    return sign_in


@pytest.mark.parametrize("path", PAGES)
def test_pages_open_for_staff_and_do_not_exist_for_customers(at, eli, casey, path):
    assert at(eli).get(path).status_code == 200
    assert at(casey).get(path).status_code == 404


def test_a_page_of_a_change_does_not_exist_for_customers(at, plan, casey):
    change = plan()

    assert at(casey).get(f"/changes/{change.reference}/").status_code == 404
    assert at(casey).post(f"/changes/{change.reference}/submit/").status_code == 404


def test_the_week_shows_changes_in_the_lane_of_their_application(at, plan, eli):
    plan()

    page = at(eli).get("/changes/?week=2026-12-02").content.decode()

    assert '<b class="clip">Payments</b>' in page
    assert "at-25 len-24" in page  # a short one fills Tuesday, to be read
    assert "Bank adapter 2.4" in page


def test_the_week_names_freezes_and_collisions(at, plan, payments, eli, lea):
    plan()
    plan(title="Till SDK", responsible=lea)
    freeze = Freeze.objects.create(
        name="Sale", starts_at=datetime(2026, 12, 4, tzinfo=UTC), ends_at=datetime(2026, 12, 5, tzinfo=UTC)
    )
    freeze.applications.set([payments])

    page = at(eli).get("/changes/?week=2026-12-01").content.decode()

    assert "CHG-1 Bank adapter 2.4 touches the same component" in page or "Till SDK touches the same" in page
    assert "slot freeze full at-97 len-24" in page


@pytest.mark.parametrize("given", ["", "nonsense", "9999-12-31", "0001-01-01"])
def test_an_odd_week_is_this_week(at, eli, given):
    assert at(eli).get("/changes/", {"week": given}).status_code == 200


def test_your_approvals_stand_beside_the_week(at, submitted, cho, eli):
    change = submitted()

    assert (
        f'href="/changes/{change.reference}/"'
        in at(cho).get("/changes/").content.decode().split("Needs your")[1]
    )
    assert "Nothing waits for you" in at(eli).get("/changes/").content.decode()


def test_a_change_is_written_on_the_page(at, payments, eli):
    answer = at(eli).post(
        "/changes/new/",
        {
            "title": "Bank adapter", "type": "normal", "applications": ["payments"], "responsible": "eli",
            "planned_start": "2026-12-01T09:00", "planned_end": "2026-12-01T10:00", "risk_users": "2",
            "commit_links": "https://git.example/1\nhttps://git.example/2",
        },
    )  # fmt: skip

    change = Change.objects.get()
    assert answer["Location"] == f"/changes/{change.reference}/"
    assert (change.author, list(change.applications.all()), change.risk) == (eli, [payments], {"users": 2})
    assert change.commit_links == ["https://git.example/1", "https://git.example/2"]


def test_typed_text_is_kept_when_the_window_is_wrong(at, payments, eli):
    page = at(eli).post(
        "/changes/new/",
        {"title": "Bank adapter", "type": "normal", "need": "Batches are rejected.",
         "planned_start": "2026-12-01T09:00", "planned_end": "2026-12-01T08:00"},
    )  # fmt: skip

    assert page.status_code == 400
    assert "Batches are rejected." in page.content.decode()
    assert "The change must end after it starts." in page.content.decode()


def test_a_change_for_a_problem_comes_filled_in_and_linked(at, payments, eli, by):
    problem = Problem.objects.create(
        title="Large batches", cause="The limit is 5,000.", application=payments, created_at=clock.now(),
        updated_at=clock.now(),
    )  # fmt: skip
    page = at(eli).get(f"/changes/new/?problem={problem.reference}").content.decode()
    assert "Fix Large batches" in page and "The limit is 5,000." in page

    at(eli).post("/changes/new/", {"title": "Fix it", "type": "normal", "problem": problem.reference})

    assert [end.work.title for end in worklog.links_of(problem, by(eli))] == ["Fix it"]


def test_a_draft_says_what_is_missing_and_a_refused_submission_keeps_the_page(at, eli, by):
    change = operations.draft(title="Something", by=by(eli))
    assert (
        "Name the person who is responsible." in at(eli).get(f"/changes/{change.reference}/").content.decode()
    )

    refused = at(eli).post(f"/changes/{change.reference}/submit/", {"override_reason": "Typed reason"})

    assert refused.status_code == 400
    assert "Typed reason" in refused.content.decode()


def test_the_whole_way_on_the_pages(at, plan, frozen, us_calendar, eli, cho, ana):
    change = plan()
    url = f"/changes/{change.reference}/"
    for user, verb, data in [
        (eli, "submit", {}), (cho, "approve", {"note": "Fine."}), (eli, "schedule", {}), (eli, "start", {}),
        (eli, "finish", {}), (ana, "validate", {"result": "passed"}), (eli, "close", {"outcome": "successful"}),
    ]:  # fmt: skip
        if verb == "start":
            frozen.move_to(change.planned_start)
        assert at(user).get(url).status_code == 200
        answer = at(user).post(f"{url}{verb}/", data)
        assert answer.status_code == 302, (verb, answer.content.decode()[:2000])

    page = at(eli).get(url).content.decode()
    assert "Cho Chen" in page and "Successful" in page


def test_the_author_sees_no_approve_button_and_hears_why(at, submitted, eli, cho, by):
    change = submitted(by=by(cho))

    assert 'data-open="approve"' not in at(cho).get(f"/changes/{change.reference}/").content.decode()
    refused = at(cho).post(f"/changes/{change.reference}/approve/")
    assert refused.status_code == 403
    assert "nobody approves their own change" in refused.content.decode()


def test_editing_what_is_approved_says_that_the_approvals_are_void(at, scheduled, eli):
    change = scheduled()
    page = at(eli).get(f"/changes/{change.reference}/edit/")
    data = {k: v for k, v in page.context["form"].initial.items() if v not in (None, False)}
    data |= {
        "planned_start": "2026-12-01T09:00",
        "planned_end": "2026-12-01T11:00",
        "backout_plan": "Another way.",
    }

    answer = at(eli).post(f"/changes/{change.reference}/edit/", data, follow=True)

    assert "The approvals given are void" in answer.content.decode()


def test_an_edit_of_an_old_page_is_refused_and_keeps_the_text(at, plan, eli, by):
    change = plan()
    operations.edit(change.reference, values={"title": "Changed meanwhile"}, by=by(eli))

    page = at(eli).post(
        f"/changes/{change.reference}/edit/", {"title": "My title", "type": "normal", "version": 1}
    )

    assert page.status_code == 412
    assert "My title" in page.content.decode() and "Changed meanwhile" in page.content.decode()


def test_an_incident_shows_what_changed_before_it(at, scheduled, frozen, payments, eli, by):
    change = scheduled()
    frozen.move_to(change.planned_start)
    operations.start(change.reference, by=by(eli))
    frozen.shift(timedelta(hours=2))
    now = clock.now()
    incident = Incident.objects.create(
        title="Payments fail", started_at=now, detected_at=now, declared_at=now
    )
    incident.applications.set([payments])

    assert [row.reference for row in panels.recent_changes(incident, by(eli))] == [change.reference]
    incident.applications.set([Application.objects.create(slug="shop", name="Shop")])
    assert panels.recent_changes(incident, by(eli)) == []


@pytest.mark.parametrize("path", ["/changes/?week=2026-12-01", "/changes/all/", "/changes/CHG-{0}/"])
def test_pages_take_few_queries_however_much_there_is(at, plan, payments, eli, lea, path):
    first, _ = plan(), plan(title="Another", responsible=lea)
    path = path.format(first.pk)
    browser = at(eli)

    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(path).status_code == 200
        return len(captured)

    count()
    few = count()
    for number in range(10):
        plan(title=f"Change {number}", responsible=lea)

    assert count() == few < 25


def test_problem_and_incident_pages_lead_to_a_new_change(at, eli):
    now = clock.now()
    problem = Problem.objects.create(title="Large batches", created_at=now, updated_at=now)
    incident = Incident.objects.create(
        title="Payments fail", started_at=now, detected_at=now, declared_at=now
    )

    for work, kind in ((problem, "problem"), (incident, "incident")):
        page = at(eli).get(f"/{kind}s/{work.reference}/").content.decode()
        assert f'href="/changes/new/?{kind}={work.reference}"' in page
        assert at(eli).get(f"/changes/new/?{kind}={work.reference}").status_code == 200
