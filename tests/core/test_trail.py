import pytest
from django.db import DatabaseError, connection, transaction

from core.audit import append_only, delivery, trail
from core.audit.models import Delivery, Event
from core.common.actor import system
from core.timers import sweeps

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard(monkeypatch):
    names: list[str] = []
    monkeypatch.setattr(
        delivery, "_handlers", {"test.hear": (("thing.*",), lambda event: names.append(event.name))}
    )
    return names


def test_an_event_says_who_what_when_and_through_which_door(ana, by):
    event = trail.record("thing.done", on=ana, by=by(ana), before={"a": 1}, after={"a": 2}, note="why")

    event.refresh_from_db()
    assert (event.actor_label, event.actor_id, event.door) == ("Ana Alves", ana.pk, "web")
    assert (event.before, event.after, event.data) == ({"a": 1}, {"a": 2}, {"note": "why"})


@pytest.mark.parametrize("write", [lambda q: q.update(name="other"), lambda q: q.delete()])
def test_the_database_refuses_to_change_the_trail(ana, by, write):
    trail.record("thing.done", on=ana, by=by(ana))

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        write(Event.objects.all())


def test_the_protection_can_be_lifted_for_a_purge_only(ana, by):
    trail.record("thing.done", on=ana, by=by(ana))
    append_only.remove(connection, "audit_event")

    Event.objects.all().delete()

    assert not Event.objects.exists()


def test_a_handler_gets_each_event_once(ana, heard):
    trail.record("thing.done", on=ana, by=system())
    trail.record("other.done", on=ana, by=system())

    sweeps.run(delivery.SWEEP)
    sweeps.run(delivery.SWEEP)

    assert heard == ["thing.done"]


def test_a_handler_that_throws_is_tried_again_and_leaves_nothing(ana, monkeypatch):
    def broken(event):
        ana.__class__.objects.filter(pk=ana.pk).update(phone="half done")
        raise ValueError("no")

    monkeypatch.setattr(delivery, "_handlers", {"test.broken": (("thing.*",), broken)})
    trail.record("thing.done", on=ana, by=system())

    sweeps.run(delivery.SWEEP)

    ana.refresh_from_db()
    assert ana.phone == ""
    assert Delivery.objects.get().done_at is None
