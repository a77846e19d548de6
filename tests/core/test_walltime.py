"""Typed local times: one moment, or both neighbours to choose from."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django import forms
from hypothesis import given
from hypothesis import strategies as st

from core.common.errors import RuleBroken
from core.common.wall_forms import LocalTimesForm, WallField
from core.common.walltime import Unclear, moment_of

LONDON, CAIRO, LORD_HOWE = "Europe/London", "Africa/Cairo", "Australia/Lord_Howe"
YEAR = datetime(2027, 1, 1), datetime(2027, 12, 31)  # noqa: DTZ001 - wall clocks
CASES = [
    (LONDON, "2027-03-28T01:30", "01:30 does not exist on 28 Mar 2027", ["00:30 (UTC+0000)", "02:30 (UTC+0100)"]),
    (LONDON, "2027-10-31T01:30", "01:30 exists twice on 31 Oct 2027", ["01:30 (UTC+0100)", "01:30 (UTC+0000)"]),
    (CAIRO, "2027-04-30T00:00", "00:00 does not exist on 30 Apr 2027", ["23:00 (UTC+0200)", "01:00 (UTC+0300)"]),
    (LORD_HOWE, "2027-04-04T01:45", "01:45 exists twice on 04 Apr 2027", ["01:45 (UTC+1100)", "01:45 (UTC+1030)"]),
    (LORD_HOWE, "2027-10-03T02:15", "02:15 does not exist on 03 Oct 2027", ["01:45 (UTC+1030)", "02:45 (UTC+1100)"]),
]  # fmt: skip


class Shift(LocalTimesForm):
    at = WallField()
    name = forms.CharField()


def typed(zone: str, **data: str) -> Shift:
    form = Shift({"name": "Night", **data})
    form.typed_in = zone
    return form


@pytest.mark.parametrize(("zone", "text", "words", "offers"), CASES)
def test_what_the_clocks_skip_or_repeat_is_refused_with_both_neighbours(zone, text, words, offers):
    with pytest.raises(Unclear) as refused:
        moment_of(datetime.fromisoformat(text), zone, field="at")
    assert refused.value.sentence.startswith(words)
    assert refused.value.sentence.endswith(f"Choose {' or '.join(offers)}.")
    assert [offer.words for offer in refused.value.offers] == offers
    assert refused.value.errors == {"at": [refused.value.sentence]}


@pytest.mark.parametrize(("zone", "text", "words", "offers"), CASES)
def test_a_form_keeps_what_was_typed_and_takes_the_neighbour_that_was_chosen(zone, text, words, offers):
    form = typed(zone, at=text)
    assert not form.is_valid() and form.errors["at"][0].startswith(words)
    assert form["at"].value() == text
    for offer in form.fields["at"].offers:
        chosen = typed(zone, at=text, at_meant=offer.moment.isoformat())
        assert chosen.is_valid(), chosen.errors
        assert chosen.cleaned_data["at"] == offer.moment


def test_a_choice_stays_in_sight_when_something_else_is_wrong():
    form = typed(LONDON, at="2027-10-31T01:30", at_meant="2027-10-31T01:30:00+00:00", name="")
    assert not form.is_valid() and "at" not in form.errors
    assert form.fields["at"].meant == datetime(2027, 10, 31, 1, 30, tzinfo=UTC)
    assert len(form.fields["at"].offers) == 2


@pytest.mark.parametrize(
    "meant", ["", "x", "2027-10-31T09:00:00+00:00", "2027-10-31T01:30:00", "2027-99-31T01:30"]
)
def test_a_choice_that_is_neither_is_none(meant):
    assert not typed(LONDON, at="2027-10-31T01:30", at_meant=meant).is_valid()


def test_an_old_choice_does_not_hold_for_another_time():
    form = typed(LONDON, at="2027-11-01T01:30", at_meant="2027-10-31T01:30:00+00:00")
    assert form.is_valid() and form.cleaned_data["at"] == datetime(2027, 11, 1, 1, 30, tzinfo=UTC)
    assert not hasattr(form.fields["at"], "offers")


def test_an_unknown_zone_is_named():
    with pytest.raises(RuleBroken, match="no time zone “Mars/Base”"):
        moment_of(datetime(2027, 1, 1), "Mars/Base", field="at")  # noqa: DTZ001 - a wall clock


@given(
    st.datetimes(*YEAR), st.sampled_from([LONDON, CAIRO, LORD_HOWE, "UTC"])
)  # fmt: skip
def test_each_moment_is_the_only_one_at_its_wall_clock_or_offered(wall, zone):
    """Looking at every minute around: the moments that show this wall clock are the answer, or the offers."""
    wall = wall.replace(second=0, microsecond=0)
    around = [wall.replace(tzinfo=UTC) + timedelta(minutes=n) for n in range(-12 * 60, 12 * 60 + 1)]
    showing = {at for at in around if at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wall}
    try:
        assert showing == {moment_of(wall, zone, field="at")}
    except Unclear as unclear:
        assert len(showing) in (0, 2)
        if showing:
            assert showing == {offer.moment for offer in unclear.offers}
