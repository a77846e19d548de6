"""What changed in the 72 hours before, on what is broken and on what it needs; suspected, or cleared."""

from __future__ import annotations

from datetime import timedelta

import pytest

from catalogue.models import Application, Component, Dependency
from catalogue.queries import needed_applications
from changes.models import Change
from core.common.errors import RuleBroken
from core.timers import sweeps
from incidents import operations, panels, queries
from tests.incidents.conftest import at

pytestmark = pytest.mark.django_db


@pytest.fixture
def change(declared, eli):
    """`change("Rotate nodes", hours=3, on=[application])`: started so long before the impact."""

    def make(title, *, on, hours):
        started = declared.started_at - timedelta(hours=hours)
        made = Change.objects.create(
            title=title, status="closed", created_at=started, started_at=started, author=eli
        )
        made.applications.set(on)
        return made

    return make


def application(slug):
    made = Application.objects.create(slug=slug, name=slug)
    return made, Component.objects.create(application=made, slug=slug, name=slug)


def shown(incident, actor):
    return [
        (one.reference, one.verdict)
        for one in panels.recent_changes(queries.whole(incident.reference, by=actor), actor)
    ]


def test_changes_on_what_it_needs_are_listed_without_asking(declared, change, payments, gateway, ira, by):
    _database, db = application("database")
    storage, disk = application("storage")
    other, _ = application("other")
    Dependency.objects.create(component=gateway, needs=db)
    Dependency.objects.create(component=db, needs=disk)
    Dependency.objects.create(component=disk, needs=gateway)  # a circle ends, too
    far = change("New disks", on=[storage], hours=71)
    near = change("Rotate nodes", on=[payments], hours=1)
    change("Elsewhere", on=[other], hours=1)
    change("Too old", on=[payments], hours=73)

    assert shown(declared, by(ira)) == [(near.reference, ""), (far.reference, "")]
    assert needed_applications([other.pk]) == {other.pk}


def test_one_is_suspected_and_cleared_with_a_note_on_the_timeline(declared, change, payments, ira, by, api):
    one, two = change("Rotate nodes", on=[payments], hours=1), change("Old", on=[payments], hours=100)
    url = f"/incidents/{declared.reference}/"
    ira_calls = api("ira")

    ira_calls.post(f"{url}suspect_change/", {"change": one.reference, "note": "Same minute"})
    made = ira_calls.post(f"{url}suspect_change/", {"change": two.reference}).json()
    assert made["changes"] == [one.reference, two.reference]
    assert {ref for ref, _ in shown(declared, by(ira))} == {one.reference, two.reference}
    cleared = ira_calls.post(
        f"{url}clear_change/", {"change": one.reference, "note": "Backed out, still fails"}
    )

    assert cleared.json()["changes"] == [two.reference]
    assert shown(declared, by(ira)) == [(two.reference, "suspected"), (one.reference, "cleared")]
    sweeps.run_due()
    lines = [entry.body for entry in queries.timeline(declared.reference, by=by(ira))][-3:]
    assert lines == [
        f"{one.reference} Rotate nodes is suspected: Same minute",
        f"{two.reference} Old is suspected",
        f"{one.reference} Rotate nodes is not the cause: Backed out, still fails",
    ]


def test_clearing_says_why_and_a_ticket_is_no_change(declared, change, payments, ira, by):
    one = change("Rotate nodes", on=[payments], hours=1)

    with pytest.raises(RuleBroken, match="how you know"):
        operations.clear_change(declared.reference, change=one.reference, note=" ", by=by(ira))
    with pytest.raises(RuleBroken, match="is no change"):
        operations.suspect_change(declared.reference, change=declared.reference, by=by(ira))


def test_said_twice_it_stands_once(declared, change, payments, ira, by):
    one = change("Rotate nodes", on=[payments], hours=1)
    for _ in range(2):
        operations.suspect_change(declared.reference, change=one.reference, note="n", by=by(ira))

    assert (
        queries.history(declared.reference, by=by(ira)).filter(name="incident.change_suspected").count() == 1
    )


def test_who_sees_no_changes_reads_nothing_of_them(client, declared, change, payments, ira, kim, by, api):
    one = change("Rotate nodes", on=[payments], hours=1)
    operations.suspect_change(declared.reference, change=one.reference, note="n", by=by(ira))
    sweeps.run_due()
    client.force_login(kim)
    url = f"/incidents/{declared.reference}/"

    answers = [
        client.get(url),
        *(api("kim").get(f"{url}{end}") for end in ("", "timeline/", "history/", "recent_changes/")),
    ]

    assert [one.reference in answer.content.decode() for answer in answers] == [False] * 5


def test_the_page_suspects_with_one_click_and_keeps_the_note(client, declared, change, payments, ira):
    one = change("Rotate nodes", on=[payments], hours=1)
    client.force_login(ira)
    url = f"/incidents/{declared.reference}/"

    page = client.post(f"{url}suspect_change/", {"change": one.reference, "note": ""}, follow=True)
    assert "suspected" in page.content.decode()
    refused = client.post(f"{url}clear_change/", {"change": one.reference, "note": ""})
    assert refused.status_code == 422
    assert at("10:02") == declared.declared_at
