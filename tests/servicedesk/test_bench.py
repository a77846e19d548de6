"""The benchmark's figures, and its refusal to measure nothing."""

import pytest
from django.core.management import CommandError, call_command

from servicedesk.management.commands.bench import line


def test_a_row_gives_the_rate_the_median_and_the_95th_percentile() -> None:
    took = [n / 1000 for n in range(1, 101)]
    assert line("queue", took, 3, 5.0).split() == ["queue", "20.0", "50", "96", "3"]


def test_a_page_that_never_answered_has_no_times() -> None:
    assert line("queue", [], 7, 5.0).split() == ["queue", "-", "-", "-", "7"]


@pytest.mark.django_db
def test_an_empty_desk_is_not_measured() -> None:
    with pytest.raises(CommandError, match="nothing to measure"):
        call_command("bench")
