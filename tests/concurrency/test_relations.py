"""Merges and families at the same moment: one wins, no circle comes about, no message is left behind."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from core.common.errors import Conflict, RuleBroken
from tests import world as worlds
from tests.concurrency.test_one_wins import at_once, events, one_won
from tests.world import by
from tickets import operations
from tickets.models import Entry, Merge, Ticket

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def w(transactional_db: None) -> SimpleNamespace:
    """The ground and five tickets of one customer."""
    found = worlds.ground()
    found.ana = by(found.people["ana"])
    found.refs = [
        operations.create(subject=f"Number {n}", requester=found.casey, by=found.ana).reference
        for n in range(5)
    ]
    return found


def test_a_ticket_is_merged_into_one_of_four(w: SimpleNamespace) -> None:
    source, *targets = w.refs

    results = at_once(*(lambda into=into: operations.merge(source, into=into, by=w.ana) for into in targets))

    one_won(results, Conflict)
    assert Merge.objects.count() == events("ticket.merged") == 1


def test_two_that_merge_into_each_other_do_not_both_vanish(w: SimpleNamespace) -> None:
    one, other, *_ = w.refs

    results = at_once(
        lambda: operations.merge(one, into=other, by=w.ana),
        lambda: operations.merge(other, into=one, by=w.ana),
    )

    one_won(results, Conflict, RuleBroken)
    assert Ticket.objects.exclude(merged_into=None).count() == 1


def test_a_merge_is_undone_once(w: SimpleNamespace) -> None:
    operations.merge(w.refs[0], into=w.refs[1], by=w.ana)

    results = at_once(*[lambda: operations.undo_merge(w.refs[0], by=w.ana)] * 4)

    one_won(results, Conflict)
    assert events("ticket.unmerged") == 1


def test_no_message_stays_on_a_merged_ticket(w: SimpleNamespace) -> None:
    casey = by(w.people["casey"])
    replies = [lambda: operations.reply(w.refs[0], body="Hello?", public=True, by=casey)] * 4

    *said, merged = at_once(*replies, lambda: operations.merge(w.refs[0], into=w.refs[1], by=w.ana))

    source = Ticket.objects.get(pk=w.refs[0].removeprefix("TKT-"))
    written = sum(not isinstance(result, RuleBroken) for result in said)
    assert Entry.objects.filter(body="Hello?").count() == written
    if not isinstance(merged, RuleBroken):
        assert not source.entries.exists()


def test_the_halves_of_a_circle_do_not_meet(w: SimpleNamespace) -> None:
    a, b, c, d, _ = w.refs
    operations.set_parent(b, parent=c, by=w.ana)
    operations.set_parent(d, parent=a, by=w.ana)

    results = at_once(
        lambda: operations.set_parent(a, parent=b, by=w.ana),
        lambda: operations.set_parent(c, parent=d, by=w.ana),
    )

    one_won(results, Conflict)
