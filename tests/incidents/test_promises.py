"""The ledger of promises: one line for each due moment, who had to write, and how many were kept."""

import contextlib
import itertools
import random
from collections import Counter
from datetime import timedelta

import pytest

from core.common.errors import RuleBroken
from core.timers import sweeps
from escalation.models import Membership, Team
from incidents import operations, promise_queries
from incidents.models import Promise, Update
from incidents.promise_queries import Kept
from tests.incidents.conftest import at

pytestmark = [pytest.mark.django_db, pytest.mark.everywhere]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def teams(ira, eli):
    found = [
        Team.objects.create(slug=slug, name=name, tier=2, review_due="2030-01-01")
        for slug, name in (("ops", "Operations"), ("pay", "Payments"))
    ]
    for team, person in zip(found, (ira, eli), strict=True):
        Membership.objects.create(team=team, user=person)
    return found


def lines():
    return [
        (
            f"{line.due_at:%H:%M}",
            line.outcome,
            line.person and line.person.username,
            line.team and line.team.slug,
        )
        for line in Promise.objects.order_by("due_at")
    ]


def test_the_line_names_who_had_to_write_and_their_team_at_that_time(
    declared, teams, run_until, traveller, ira, eli, by
):
    run_until("10:02", "10:18")
    operations.assign_roles(declared.reference, communications_lead=eli, by=by(ira))
    traveller.move_to(at("10:30"))
    operations.send_update(declared.reference, what="News.", affected="Shops.", by=by(eli))
    Membership.objects.filter(user=eli).delete()
    traveller.move_to(at("10:40"))
    operations.declare_restored(declared.reference, body="Works.", severity="SEV2", by=by(ira))

    assert lines() == [
        ("10:17", "covered", "ira", "ops"), ("10:32", "kept", "eli", "pay"), ("10:45", "kept", "eli", None),
    ]  # fmt: skip


def test_of_several_teams_it_is_the_one_joined_first(declared, teams, run_until, ira):
    Membership.objects.create(team=teams[1], user=ira)
    run_until("10:17", "10:17")
    assert lines() == [("10:17", "covered", "ira", "ops")]


def test_acknowledging_news_to_one_audience_and_reopening_answer_nothing(declared, traveller, ira, by):
    operations.send_update(
        declared.reference, what="News.", affected="Shops.", audience="technical", by=by(ira)
    )
    traveller.move_to(at("10:05"))
    operations.declare_restored(declared.reference, body="Works.", severity="SEV2", by=by(ira))
    traveller.move_to(at("10:10"))
    operations.reopen(declared.reference, reason="Fails again.", by=by(ira))
    assert [(due, outcome) for due, outcome, *_ in lines()] == [("10:17", "kept")]


def test_a_moment_promised_again_by_an_early_answer_counts_for_what_happened_then(
    declared, traveller, ira, by, run_until
):
    for minute in ("10:05", "10:12"):
        traveller.move_to(at(minute))
        operations.send_update(
            declared.reference, what="x", affected="y", next_update_at=at("10:20"), by=by(ira)
        )
    assert [line[:2] for line in lines()] == [("10:17", "kept"), ("10:20", "kept")]
    run_until("10:13", "10:21")
    assert [line[:2] for line in lines()] == [("10:17", "kept"), ("10:20", "covered")]


def test_merging_is_the_last_answer(declared, traveller, ira, by):
    other = operations.declare(title="All of it", by=by(ira))
    traveller.move_to(at("10:12"))
    operations.merge(declared.reference, into=other.reference, by=by(ira))
    assert [(line.incident_id, line.outcome) for line in Promise.objects.all()] == [(declared.pk, "kept")]


@pytest.mark.parametrize("seed", range(8))
def test_random_afternoons_agree_with_what_the_readers_got(seed, declared, teams, traveller, ira, by):
    """The oracle knows the sent updates alone: what each promised, and when the next one came."""
    dice, minute = random.Random(seed), at("10:03")
    while minute < at("14:00"):
        traveller.move_to(minute + timedelta(seconds=dice.randrange(60)))
        throw = dice.random()
        if throw < 0.04:
            operations.send_update(declared.reference, what="News.", affected="Shops.", by=by(ira))
        elif throw < 0.07:
            with contextlib.suppress(RuleBroken):
                operations.snooze(declared.reference, minutes=dice.randint(1, 15), reason="Wait", by=by(ira))
        elif throw < 0.10:
            minute += dice.randint(3, 50) * MINUTE  # the workers are away
        else:
            sweeps.run_due()
        minute += MINUTE

    expected = Counter(_by_the_readers(list(Update.objects.order_by("number"))))
    found = Counter(Promise.objects.values_list("due_at", "outcome"))
    assert found == expected
    counts = Counter(outcome for _, outcome in expected.elements())
    kept = promise_queries.kept(Promise.objects.all())
    assert kept == Kept(**{name: counts[name] for name in ("kept", "covered", "late", "missed", "moved")})
    assert kept.decided + kept.moved == sum(counts.values()) and counts["kept"] and counts["covered"]


def _by_the_readers(updates):
    for before, after in itertools.pairwise(updates):
        slot = before.next_due_at
        while slot + 15 * MINUTE <= after.sent_at:
            yield slot, "missed"
            slot += 15 * MINUTE
        if after.kind == "postponed":
            yield slot, "moved"
        elif (after.sent_at - slot).total_seconds() >= 121:
            yield slot, "late"
        else:
            yield slot, "kept" if after.author_label == updates[0].author_label else "covered"


def test_a_rate_is_none_without_data_and_never_rounded_up():
    assert Kept().percent is None and Kept(moved=3).percent_by_people is None
    assert Kept(kept=1999, missed=1).percent == 99.9
    assert (Kept(kept=1, covered=1, late=1).percent, Kept(kept=1, covered=1, late=1).percent_by_people) == (
        66.6,
        33.3,
    )


def test_the_page_shows_each_line_and_the_figure_is_asked_for_apart(
    declared, run_until, client, ira, django_assert_max_num_queries
):
    client.force_login(ira)
    place = f"/incidents/{declared.reference}/"
    assert "No data" in client.get(f"{place}promises/").content.decode()
    assert "nothing was due yet" in client.get(f"{place}promises/figure/").content.decode()
    run_until("10:12", "10:18")
    run_until("10:50", "10:50")

    with django_assert_max_num_queries(14):
        page = client.get(f"{place}promises/").content.decode()

    assert [page.count(f'class="chip {look}"') for look in ("red", "blue", "amber")] == [1, 1, 1]
    assert "33.3" in page and "100.0" not in page
    assert client.get(f"{place}promises/figure/").content.decode().strip() == "1 of 3, 1 by the desk"
    command = client.get(place).content.decode()
    assert f'hx-get="{place}promises/figure/"' in command and f'href="{place}promises/"' in command


def test_the_api_lists_the_ledger(declared, run_until, api, ira):
    run_until("10:17", "10:17")
    rows = api(ira).get(f"/incidents/{declared.reference}/promises/").json()["results"]
    assert rows == [{
        "due_at": "2026-03-02T10:17:00Z", "outcome": "covered", "late_seconds": 0, "update_number": 2,
        "moved_to": None, "reason": "", "person": "ira", "team": None,
    }]  # fmt: skip
