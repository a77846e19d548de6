"""How often somebody may do something."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.cache import cache

from core.common import limits

START = datetime(2026, 11, 24, 10, 59, tzinfo=UTC)


@pytest.fixture(autouse=True)
def empty():
    cache.clear()
    with time_machine.travel(START, tick=False) as machine:
        yield machine


def ask(who="a", most=2):
    return limits.within("test", who, most=most, seconds=3600)


def test_so_many_in_a_stretch_and_each_by_itself(empty):
    assert [ask(), ask("A"), ask(), ask("b")] == [True, True, False, True]
    empty.shift(timedelta(minutes=1))
    assert ask()


def test_who_is_counted_does_not_stand_in_the_cache():
    ask("boss@firm.example")
    assert "boss" not in str(cache._cache)


def test_without_a_cache_nothing_is_limited(monkeypatch):
    def gone(*args, **kwargs):
        raise ConnectionError("gone")

    monkeypatch.setattr(limits.cache, "add", gone, raising=False)
    assert [ask(most=0), ask(most=0)] == [True, True]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("unix:", "unix:"),
    ],
)
def test_a_network_is_an_address_or_what_one_customer_has(address, network):
    assert limits.network(address) == network


def test_it_is_not_forgotten_when_many_others_ask() -> None:
    """Also where the memory of one process is the cache, which keeps 300 entries unless told otherwise."""
    assert all(limits.within("asked", "reader@elsewhere.example", most=3, seconds=86_400) for _ in range(3))
    for number in range(1_000):
        limits.within("asked by network", f"10.0.{number // 250}.{number % 250}", most=20, seconds=3_600)
    assert not limits.within("asked", "reader@elsewhere.example", most=3, seconds=86_400)
