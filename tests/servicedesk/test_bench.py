"""The benchmark's figures, and its refusal to measure nothing."""

import io

import pytest
from django.core.management import CommandError, call_command

from core.common import clock
from servicedesk.demo import story
from servicedesk.load import filling, measuring
from servicedesk.load.measuring import Figure
from servicedesk.management.commands import bench
from servicedesk.management.commands.bench_http import line
from sla.models import Clock
from tickets.models import Ticket


def test_a_row_gives_the_rate_the_median_and_the_95th_percentile() -> None:
    took = [n / 1000 for n in range(1, 101)]
    assert line("queue", took, 3, 5.0).split() == ["queue", "20.0", "50", "96", "3"]


def test_a_page_that_never_answered_has_no_times() -> None:
    assert line("queue", [], 7, 5.0).split() == ["queue", "-", "-", "-", "7"]


def test_the_turns_of_a_desk_are_one_figure() -> None:
    turns = [Figure("queue", [10.0, 30.0], 18), Figure("queue", [20.0, 90.0, 20.0], 19)]
    both = measuring.together(turns)
    assert (both.name, both.median, both.p95, both.queries) == ("queue", 20.0, 30.0, 19)


@pytest.mark.parametrize(
    ("slow", "queries", "fine"), [(30.0, 24, True), (31.0, 24, False), (20.0, 25, False)]
)
def test_growth_by_more_than_the_half_or_too_many_queries_fail(slow: float, queries: int, fine: bool) -> None:
    found = {10: [Figure("queue", [20.0], 18)], 100: [Figure("queue", [slow], queries)]}
    assert bench.Command(stdout=io.StringIO()).table(found) is fine


@pytest.mark.django_db
def test_an_empty_desk_is_not_measured() -> None:
    with pytest.raises(CommandError, match="nothing to measure"):
        call_command("bench_http")


def test_a_filled_desk_is_whole_and_its_pages_answer(db, settings):
    """A small one: every ticket has its clocks, conversation and place in the search, and the pages show them."""
    settings.DESK_WAKE_WORKERS = False
    story.tell(clock.now().replace(second=0, microsecond=0))
    before = Ticket.objects.count()

    filling.fill(40, now=clock.now(), progress=lambda done: None)

    made = Ticket.objects.order_by("-pk")[:40]
    assert Ticket.objects.count() == before + 40
    assert all(ticket.entries.exists() for ticket in made)
    assert Clock.objects.filter(subject_kind="ticket", subject_id__in=[t.pk for t in made]).count() == 80
    figures = measuring.measure(rounds=2)
    assert all(figure.queries < 25 for figure in figures), figures
