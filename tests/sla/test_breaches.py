"""Missed promises as facts of their own: who, by how much, why."""

import pytest
import time_machine

from core.audit import trail
from core.audit.models import Event
from core.common.errors import Invalid, NotAllowed, NotFound, Stale
from core.timers import sweeps
from sla import causes, operations, subjects
from sla.alarms import SWEEP
from sla.models import Breach, Cause, Clock, Goal
from sla.subjects import Owed, Owner
from tests.sla.cast import P1, P3, ROBOT, Thing, paris

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock(thing: Thing, p3) -> Clock:
    """Due on Tuesday at ten."""
    operations.start_clocks(*thing.subject, P3, at=paris(2027, 2, 1, 9), by=ROBOT)
    return Clock.objects.get()


def sweep(*when: int) -> None:
    with time_machine.travel(paris(2027, 2, *when), tick=False):
        assert sweeps.run(SWEEP.name).failed == 0


def test_a_breach_keeps_who_had_it_then_and_grows_while_the_clock_runs(thing, clock) -> None:
    sweep(2, 10)
    thing.owner = Owner(None, "Eli", "Payments")

    breach = Breach.objects.get()

    assert (breach.owner_label, breach.team_label) == ("Ana", "Front line")
    assert (breach.breached_at, breach.target_minutes) == (paris(2027, 2, 2, 10), 480)
    assert breach.over_at(paris(2027, 2, 2, 14)) == 3 * 3600
    operations.meet(*thing.subject, Goal.RESOLUTION, at=paris(2027, 2, 2, 15), by=ROBOT)
    assert Breach.objects.get().over_at(paris(2027, 2, 9)) == 4 * 3600


def test_a_breach_that_no_sweep_saw_is_noted_when_the_clock_ends(thing, clock) -> None:
    operations.meet(*thing.subject, Goal.RESOLUTION, at=paris(2027, 2, 2, 11), by=ROBOT)

    assert Breach.objects.get().over_seconds == 3600


def test_a_new_priority_carries_the_one_breach_on(thing, clock, p1) -> None:
    sweep(2, 10)
    operations.retarget(*thing.subject, Owed(P1), at=paris(2027, 2, 2, 11), by=ROBOT, why="worse")
    sweep(2, 12)

    breach = Breach.objects.get()

    assert breach.clock == Clock.objects.get(state="running")
    assert breach.over_at(paris(2027, 2, 2, 12)) == 6 * 3600  # ten hours used, four promised now


def test_a_milder_promise_does_not_shrink_what_it_was(thing, p3, p1) -> None:
    operations.start_clocks(*thing.subject, P1, at=paris(2027, 2, 1, 9), by=ROBOT)
    sweep(1, 15)
    operations.retarget(*thing.subject, Owed(P3), at=paris(2027, 2, 1, 16), by=ROBOT, why="milder")

    assert Breach.objects.get().over_at(paris(2027, 2, 1, 16)) == 2 * 3600


def test_the_event_says_what_others_react_to(thing, clock) -> None:
    sweep(2, 10)

    event = Event.objects.get(name="sla.breached")

    assert (event.subject_kind, event.subject_id) == thing.subject
    assert event.data["clocks"] == [{"goal": "resolution", "target_minutes": 480, "policy": "P3"}]
    assert event.data["breached_at"] == "2027-02-02T09:00:00Z"
    assert event.data["breach"] == Breach.objects.get().pk


def test_a_cause_is_said_once_for_all_and_can_be_said_better(thing, clock, by, max) -> None:
    sweep(2, 10)

    assert operations.explain_all(*thing.subject, cause="staffing", note="Two were ill", by=by(max)) == 1
    assert operations.explain_all(*thing.subject, cause="vendor", by=by(max)) == 0
    breach = operations.explain(Breach.objects.get().pk, cause="vendor", by=by(max), if_version=2)

    assert (breach.cause, breach.explained_by) == ("vendor", "Max Moreau")
    assert [event.name for event in trail.history(*thing.subject)][-2:] == ["sla.explained", "sla.explained"]
    with pytest.raises(Stale):
        operations.explain(breach.pk, cause="vendor", by=by(max), if_version=2)


@pytest.mark.parametrize(
    ("cause", "note", "kept", "words"),
    [
        ("staffing", "", ("staffing", ""), "Not enough people on shift"),
        ("vendor", " late part ", ("vendor", "late part"), "A vendor was late: late part"),
        ("other", "The moon", ("other", "The moon"), "The moon"),
        ("Nobody on shift", "", ("other", "Nobody on shift"), "Nobody on shift"),
    ],
)
def test_a_cause_is_a_word_of_the_vocabulary_or_a_sentence(cause, note, kept, words) -> None:
    assert causes.checked(cause, note) == kept
    assert causes.in_words(*kept) == words


@pytest.mark.parametrize(
    ("cause", "note", "field"), [("", "x", "cause"), ("other", " ", "note"), ("vendor", "x" * 2001, "note")]
)
def test_a_cause_that_says_nothing_is_refused(cause, note, field) -> None:
    with pytest.raises(Invalid) as wrong:
        causes.checked(cause, note)

    assert list(wrong.value.errors) == [field]


def test_a_breach_of_what_one_does_not_see_does_not_exist(thing, clock, by, max, casey, monkeypatch) -> None:
    sweep(2, 10)
    pk = Breach.objects.get().pk
    with pytest.raises(NotFound):
        operations.explain(pk, cause="vendor", by=by(casey))

    info = subjects.of(thing.kind)
    blind = type(info)(**{**_fields(info), "visible_to": lambda actor: info.model.objects.none()})
    monkeypatch.setitem(subjects._kinds, thing.kind, blind)

    assert not Breach.objects.visible_to(by(max)).exists()
    with pytest.raises(NotFound):
        operations.explain(pk, cause="vendor", by=by(max))


def test_who_sees_breaches_but_resolves_nothing_does_not_explain_them(thing, clock, by, kim) -> None:
    sweep(2, 10)

    with pytest.raises(NotAllowed):
        operations.explain(Breach.objects.get().pk, cause=Cause.VENDOR, by=by(kim))


def _fields(info: object) -> dict[str, object]:
    return {name: getattr(info, name) for name in info.__dataclass_fields__}  # type: ignore[attr-defined]
