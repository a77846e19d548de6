import pytest

from sla import typed


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("", []),
        ("closed", []),
        ("all day", [["00:00", "24:00"]]),
        ("9-17", [["09:00", "17:00"]]),
        ("09:00-12:00, 13:00-17:30", [["09:00", "12:00"], ["13:00", "17:30"]]),
        ("9.15 to 12 and 13–24", [["09:15", "12:00"], ["13:00", "24:00"]]),
    ],
)
def test_hours_of_a_day(text, pairs) -> None:
    assert typed.spans_of(text) == pairs
    assert typed.spans_of(typed.text_of(pairs)) == pairs


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nine to five", "is no opening time"),
        ("09:00-12:00, 11:00-17:00", "must not overlap"),
        ("17:00-09:00", "end after they begin"),
        ("09:00-25:00", "between 00:00 and 24:00"),
        ("09:00-17:75", "not a time of day"),
    ],
)
def test_hours_that_cannot_be(text, words) -> None:
    with pytest.raises(ValueError, match=words):
        typed.spans_of(text)


def test_single_days_there_and_back() -> None:
    days = {"2027-12-24": [["09:00", "12:00"]], "2027-12-31": []}

    assert typed.days_of(typed.text_of_days(days) + "\n\n") == days


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Christmas closed", "does not begin with a date"),
        ("2027-12-24", "write its hours"),
        ("2027-12-24 closed\n2027-12-24 9-12", "stands there twice"),
        ("2027-12-24 12-9", "2027-12-24: Opening hours must end"),
    ],
)
def test_single_days_that_cannot_be(text, words) -> None:
    with pytest.raises(ValueError, match=words):
        typed.days_of(text)


@pytest.mark.parametrize(
    ("text", "count"),
    [("", None), ("45", 45), ("45 min", 45), ("4 h", 240), ("4h", 240), ("1 h 30", 90), ("1h 30min", 90)],
)
def test_targets(text, count) -> None:
    assert typed.minutes_of(text) == count
    assert typed.minutes_of(typed.text_of_minutes(count)) == count


@pytest.mark.parametrize(
    ("text", "words"), [("soon", "no length of time"), ("0", "from one minute"), ("999999 h", "two years")]
)
def test_targets_that_cannot_be(text, words) -> None:
    with pytest.raises(ValueError, match=words):
        typed.minutes_of(text)
