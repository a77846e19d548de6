from collections.abc import Callable
from datetime import date

import pytest

from escalation.models import Membership, Team
from problems import follow_up, operations
from problems.models import FollowUpAction, Problem


@pytest.fixture
def problem(pia, by) -> Problem:
    return operations.open_problem(title="Export stops above 10,000 rows", by=by(pia))


@pytest.fixture
def networks(db, eli, lea, max) -> Team:
    """A team that eli works in; lea leads and max manages it."""
    team = Team.objects.create(
        slug="networks",
        name="Networks",
        lead=lea,
        manager=max,
        email="networks@desk.example",
        review_due=date(2030, 1, 1),
    )
    Membership.objects.create(team=team, user=eli)
    return team


@pytest.fixture
def caused(problem, pia, by) -> Problem:
    """The problem once its cause is known."""
    return operations.set_root_cause(
        problem.reference, category="code", statement="A cursor leaks.", by=by(pia)
    )


@pytest.fixture
def add(problem, pia, by) -> Callable[..., FollowUpAction]:
    def make(**values) -> FollowUpAction:
        values = {"title": "Alert before a certificate ends", "due": date(2026, 3, 20), **values}
        return follow_up.add_action(problem.reference, by=by(pia), **values)

    return make
