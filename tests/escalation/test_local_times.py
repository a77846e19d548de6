"""Typed local times of stand-ins, swaps and rotations: what the clocks skip or repeat is refused, at every door."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine

from core.common.walltime import Unclear
from escalation import operations, schedules
from escalation.models import Override, Rotation, Swap

HOUR = timedelta(hours=1)
AUTUMN = datetime(2027, 10, 29, 12, tzinfo=UTC)  # a Friday; London's clocks go back on Sunday
TWICE = "01:30 exists twice on 31 Oct 2027 in Europe/London, as the clocks change. "
BOTH = TWICE + "Choose 01:30 (UTC+0100) or 01:30 (UTC+0000)."
FIRST, SECOND = datetime(2027, 10, 31, 0, 30, tzinfo=UTC), datetime(2027, 10, 31, 1, 30, tzinfo=UTC)


@pytest.fixture
def autumn(house):
    with time_machine.travel(AUTUMN, tick=False):
        yield house


@pytest.fixture
def api(client, autumn):
    def post(who, path, **body):
        client.force_login(getattr(autumn, who))
        return client.post(f"/api/v1/{path}", body, content_type="application/json")

    return post


# --- the API ----------------------------------------------------------------------------------------------
def test_a_stand_in_by_api_is_read_in_its_zone(api, autumn):
    facts = {"rotation": autumn.rotation.pk, "user": "lea", "zone": "Europe/London"}
    made = api("max", "overrides/", **facts, starts_at="2027-10-30T09:00", ends_at="2027-10-31T09:00")
    assert made.status_code == 201, made.json()
    assert (made.json()["starts_at"], made.json()["ends_at"]) == (
        "2027-10-30T08:00:00Z",
        "2027-10-31T09:00:00Z",
    )


@pytest.mark.parametrize(("name", "other"), [("starts_at", "ends_at"), ("ends_at", "starts_at")])
def test_a_stand_in_by_api_at_a_time_that_exists_twice_is_refused_with_both(api, autumn, name, other):
    times = {"starts_at": "2027-10-30T09:00Z", "ends_at": "2027-11-01T09:00Z"} | {name: "2027-10-31T01:30"}
    answer = api("max", "overrides/", rotation=autumn.rotation.pk, user="lea", zone="Europe/London", **times)
    assert answer.status_code == 400
    assert (answer.json()["detail"], answer.json()["errors"]) == (BOTH, {name: [BOTH]})
    assert not Override.objects.exists()
    # As offered: with its offset, it is one moment.
    times[name] = "2027-10-31T01:30+01:00"
    answer = api("max", "overrides/", rotation=autumn.rotation.pk, user="lea", zone="Europe/London", **times)
    assert answer.json()[name] == "2027-10-31T00:30:00Z"


@pytest.mark.parametrize("name", ["starts_at", "ends_at", "return_starts_at", "return_ends_at"])
def test_a_swap_by_api_is_refused_as_well(api, autumn, name):
    times = {
        "starts_at": "2027-10-30T09:00Z", "ends_at": "2027-10-31T09:00Z", "return_starts_at": "2027-11-02T09:00Z",
        "return_ends_at": "2027-11-03T09:00Z",
    } | {name: "2027-10-31T01:30"}  # fmt: skip
    facts = {"rotation": autumn.rotation.pk, "asked_of": "lea", "zone": "Europe/London"}
    answer = api("eli", "swaps/", **facts, **times)
    assert (answer.status_code, answer.json()["errors"]) == (400, {name: [BOTH]})
    assert not Swap.objects.exists()


def test_without_a_zone_a_time_is_utc_as_ever(api, autumn):
    facts = {"rotation": autumn.rotation.pk, "user": "lea"}
    made = api("max", "overrides/", **facts, starts_at="2027-10-31T01:30", ends_at="2027-10-31T09:00:00Z")
    assert made.json()["starts_at"] == "2027-10-31T01:30:00Z"


def test_an_unknown_zone_is_refused(api, autumn):
    answer = api(
        "max", "overrides/", rotation=autumn.rotation.pk, user="lea", zone="Mars/Base",
        starts_at="2027-10-31T01:30", ends_at="2027-10-31T09:00",
    )  # fmt: skip
    assert answer.status_code == 400 and "zone" in answer.json()["errors"]


# --- rotations: the start at the hand-off time ------------------------------------------------------------
def begin(house, **more):
    facts = {"start": date(2027, 10, 31), "handoff_time": time(1, 30), "period": "daily"} | more
    return operations.create_rotation(
        team=house.network, name="Nights", people=[house.eli, house.lea], zone="Europe/London", by=house.admin, **facts
    )  # fmt: skip


def test_a_rotation_that_starts_at_such_a_time_is_refused_at_every_door(api, autumn):
    with pytest.raises(Unclear) as refused:
        begin(autumn)
    assert (refused.value.sentence, refused.value.errors) == (BOTH, {"start": [BOTH]})
    answer = api(
        "max", "rotations/", team="network", name="Nights", people=["eli"], zone="Europe/London", start="2027-10-31",
        handoff_time="01:30",
    )  # fmt: skip
    assert (answer.status_code, answer.json()["errors"]) == (400, {"start": [BOTH]})
    with pytest.raises(Unclear):
        operations.edit_rotation(
            autumn.rotation.pk,
            changes={"start": date(2027, 10, 31), "handoff_time": time(1, 30)},
            by=autumn.admin,
        )
    assert Rotation.objects.count() == 1


@pytest.mark.parametrize("meant", [FIRST, SECOND])
def test_the_chosen_moment_is_when_its_first_turn_begins(autumn, meant):
    begin(autumn, begun_at=meant)
    found = schedules.load([autumn.network], AUTUMN, AUTUMN + 96 * HOUR).segments(autumn.network, 1)
    assert [(segment.person, segment.start) for segment in found] == [
        (None, AUTUMN),
        (autumn.eli.pk, meant),
        (autumn.lea.pk, datetime(2027, 11, 1, 1, 30, tzinfo=UTC)),
        (autumn.eli.pk, datetime(2027, 11, 2, 1, 30, tzinfo=UTC)),
    ]


def test_a_new_start_is_chosen_in_an_edit_too(autumn):
    changes = {"start": date(2027, 10, 31), "handoff_time": time(1, 30), "begun_at": SECOND}
    operations.edit_rotation(autumn.rotation.pk, changes=changes, by=autumn.admin)
    assert Rotation.objects.get().begun_at == SECOND


@pytest.mark.parametrize(
    "changes", [{"begun_at": SECOND}, {"start": date(2027, 11, 1), "begun_at": SECOND}],
)  # fmt: skip
def test_a_choice_where_there_is_none_is_refused(api, autumn, client, changes):
    client.force_login(autumn.max)
    path = f"/api/v1/rotations/{autumn.rotation.pk}/"
    answer = client.patch(path, changes, content_type="application/json")
    assert answer.status_code == 400 and "begun_at" in answer.json()["detail"]


def test_a_time_that_the_clocks_repeat_later_is_no_matter(autumn):
    """Only the first turn's begin is typed; later ones are generated and never run backwards."""
    begin(autumn, start=date(2027, 10, 30))
    found = schedules.load([autumn.network], AUTUMN, AUTUMN + 72 * HOUR).segments(autumn.network, 1)
    assert [segment.start for segment in found][1:4] == [
        FIRST - 24 * HOUR,
        FIRST,
        SECOND + 24 * HOUR,
    ]
