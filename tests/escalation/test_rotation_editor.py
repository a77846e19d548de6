"""Making and changing rotations on real pages; what the preview shows is what the saved rotation resolves to."""

import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.audit.models import Event
from escalation import operations, previewing, queries, schedules
from escalation.models import Rotation
from tests.escalation.conftest import NOON

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONDAY = datetime(2027, 6, 21, 8, tzinfo=UTC)  # 09:00 in London: Eli hands over to Lea
TYPED = {
    "name": "Primary", "people": ["eli", "lea"], "step": "1", "position": "0", "zone": "Europe/London", "every": "1",
    "period": "weekly", "handoff_weekday": "0", "handoff_time": "09:00", "start": "2027-06-14", "active": "on",
}  # fmt: skip
OFFICE = {"hours": "1", "h1-weekdays": ["0", "1", "2", "3", "4"], "h1-since": "09:00", "h1-until": "17:00"}
NEW = "/on-call/payments/rotations/new/"


@pytest.fixture
def boss(client, house):
    client.force_login(house.max)
    return client


@pytest.fixture
def path(house):
    return f"/on-call/payments/rotations/{house.rotation.pk}/"


def typed(**changed):
    return {name: value for name, value in {**TYPED, "version": "1", **changed}.items() if value is not None}


def people(answer):
    return re.findall(r'name="people" value="(\w+)"', answer.content.decode())


def schedule(team, step=1, since=NOON):
    return tuple(schedules.load([team], since, since + 30 * DAY).segments(team, step))


# --- the list and the form --------------------------------------------------------------------------------
def test_the_list_is_reached_from_the_team_and_says_the_rule_in_words(boss, house, path):
    assert "/on-call/payments/rotations/" in boss.get("/on-call/payments/").content.decode()
    html = boss.get("/on-call/payments/rotations/").content.decode()
    assert "Every week, Monday 09:00" in html and path in html
    assert html.index("Eli Engel") < html.index("Lea Lind")


def test_a_rotation_is_made(boss, house):
    assert 'value="Europe/London" selected' in boss.get(NEW).content.decode()  # the team's zone
    answer = boss.post(NEW, {**TYPED, **OFFICE, "name": "Office", "position": "1", "people": ["ira", "lea"]})
    assert answer.status_code == 302, answer.content.decode()
    made = Rotation.objects.get(name="Office")
    assert [turn.user.username for turn in made.turns.all()] == ["ira", "lea"]
    assert made.restrictions == [{"weekdays": [0, 1, 2, 3, 4], "from": "09:00", "to": "17:00"}]
    assert Event.objects.filter(name="rotation.created", subject_id=made.pk, door="web").count() == 1
    assert "only Mon to Fri 09:00-17:00" in boss.get("/on-call/payments/rotations/").content.decode()


def test_the_form_holds_what_is_there_and_saving_it_changes_nothing(boss, house, path):
    answer = boss.get(path)
    initial = answer.context["form"].initial
    sent = {**initial, "start": f"{initial['start']}", "handoff_time": "09:00", "active": "on"}
    before = schedule(house.payments)
    assert boss.post(path, sent).status_code == 302
    assert schedule(house.payments) == before
    assert Event.objects.get(name="rotation.changed").after == {}


def test_saved_from_now_on_with_the_past_as_it_was(boss, house, noon, path):
    noon.shift(2 * DAY)
    boss.force_login(house.max)
    operations.edit_rotation(house.rotation.pk, changes={}, by=house.admin)  # stores the past
    past = schedules.load([house.payments], NOON, NOON + 2 * DAY).segments(house.payments, 1)
    answer = boss.post(path, typed(version="2", people=["ira", "lea"], handoff_time="17:00"))
    assert answer.status_code == 302, answer.content.decode()
    assert schedules.load([house.payments], NOON, NOON + 2 * DAY).segments(house.payments, 1) == past
    now = schedule(house.payments, since=NOON + 2 * DAY)
    assert [segment.person for segment in now[:2]] == [house.lea.pk, house.ira.pk]


def test_a_stale_form_hears_what_differs_and_keeps_the_text(boss, house, path):
    operations.edit_rotation(house.rotation.pk, changes={"name": "First"}, by=house.admin)
    answer = boss.post(path, typed(name="Second"))
    html = answer.content.decode()
    assert answer.status_code == 412 and "Now: First" in html and 'value="Second"' in html


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"every": "400"}, "Ensure this value is less than or equal to 366"),
        ({"every": "60"}, "A weekly turn lasts 1 to 52 weeks."),
        ({"people": ["casey"]}, "There is nobody called “casey” here."),
        ({"start": "1999-01-01"}, "The start lies in a year from 2000 to 2099."),
        ({"hours": "1"}, "Choose at least one day, or take these hours away."),
        ({"name": ""}, "This field is required."),
        ({"hours": "1,1,x,99999", "h1-weekdays": ["9"]}, "Select a valid choice."),
    ],
)
def test_what_makes_no_rotation_is_refused_with_the_text_kept(boss, house, casey, path, changed, words):
    for button in ({}, {"look": "1"}):
        answer = boss.post(path, typed(**changed, **button))
        html = answer.content.decode()
        assert words in html and 'value="09:00' in html
        assert answer.status_code in (400, 422) or button
    assert Rotation.objects.get().version == 1


def test_two_rotations_of_one_name_are_refused(boss, house):
    answer = boss.post(NEW, TYPED)
    assert answer.status_code == 400 and "already exists" in answer.content.decode()


def test_only_managers_of_the_directory_change_rotations(client, house, path, casey):
    for person, status in ((house.eli, 403), (casey, 404)):
        client.force_login(person)
        assert client.get(NEW).status_code == client.post(path, typed()).status_code == status
        assert client.get("/on-call/payments/rotations/preview/").status_code == status
    client.force_login(house.eli)
    assert "New rotation" not in client.get("/on-call/payments/rotations/").content.decode()


def test_a_rotation_of_another_team_is_not_found_here(boss, house):
    assert boss.get(f"/on-call/network/rotations/{house.rotation.pk}/").status_code == 404
    assert boss.get(f"/on-call/network/rotations/preview/?of={house.rotation.pk}").status_code == 404


# --- without script: buttons ------------------------------------------------------------------------------
def test_people_move_up_and_down_with_plain_buttons(boss, path):
    three = typed(people=["eli", "lea", "ira"])
    moved = boss.post(path, {**three, "down": "0"})
    assert people(moved) == ["lea", "eli", "ira"]
    assert re.search(r'id="down-1"[^>]*autofocus', moved.content.decode())  # goes on with the same person
    assert people(boss.post(path, {**three, "up": "2"})) == ["eli", "ira", "lea"]
    assert people(boss.post(path, {**three, "drop": "1"})) == ["eli", "ira"]
    assert people(boss.post(path, {**three, "add": "1", "newcomer": "max"})) == ["eli", "lea", "ira", "max"]
    at_the_end = boss.post(path, {**typed(), "up": "1"})
    assert re.search(r'id="down-0"[^>]*autofocus', at_the_end.content.decode())
    assert Rotation.objects.get().version == 1


@pytest.mark.parametrize("button", [{"up": "0"}, {"down": "1"}, {"up": "9"}, {"drop": "x"}, {"up": "²"}])
def test_a_move_that_is_none_moves_nobody(boss, path, button):
    assert people(boss.post(path, typed(**button))) == ["eli", "lea"]


def test_a_button_pressed_before_the_form_is_complete_complains_about_nothing(boss, house):
    answer = boss.post(NEW, {"people": ["eli"], "newcomer": "lea", "add": "1"})
    assert answer.status_code == 200 and people(answer) == ["eli", "lea"]
    assert 'aria-invalid="true"' not in answer.content.decode()


def test_who_was_chosen_but_not_added_is_not_forgotten(boss, house, path):
    assert boss.post(path, typed(newcomer="ira")).status_code == 302
    assert [turn.user.username for turn in Rotation.objects.get().turns.all()] == ["eli", "lea", "ira"]


def test_hours_come_and_go(boss, path):
    added = boss.post(path, typed(**OFFICE, add_hours="1")).content.decode()
    assert 'name="hours" value="1,2"' in added and 'name="h2-since" value="09:00"' in added
    gone = boss.post(path, typed(**OFFICE, drop_hours="1")).content.decode()
    assert 'name="hours" value=""' in gone and "h1-since" not in gone


# --- the preview ------------------------------------------------------------------------------------------
def test_the_preview_names_who_hands_over_at_once(boss, house, path):
    for answer in (
        boss.post(path, typed(people=["lea"], look="1")),
        boss.get("/on-call/payments/rotations/preview/", typed(people=["lea"], of=house.rotation.pk)),
    ):
        html = answer.content.decode()
        assert "<b>Eli Engel</b> hands over to <b>Lea Lind</b> as soon as this is saved" in html
        assert "Changed" in html and "would appear" not in html
    assert Rotation.objects.get().version == 1 and not Event.objects.filter(name="rotation.changed").exists()


def test_the_preview_shows_the_gaps_that_would_appear(boss, path):
    answer = boss.post(path, typed(**OFFICE, look="1"))
    html = answer.content.decode()
    assert "30 gaps would appear" not in html and "gaps would appear" in html
    assert "Nobody is on call" not in html  # it is Wednesday noon
    (outlook,) = answer.context["seen"].outlooks
    assert (outlook.gaps[0].start, outlook.gaps[0].end) == (NOON + 4 * HOUR, NOON + 20 * HOUR)


def test_a_rotation_laid_to_rest_leaves_nobody_and_says_so(boss, house, path):
    html = boss.post(path, typed(active=None, look="1")).content.decode()
    assert "<b>Nobody is on call</b> as soon as this is saved; Eli Engel is now." in html
    assert boss.post(path, typed(active=None)).status_code == 302
    assert "Resting" in boss.get("/on-call/payments/rotations/").content.decode()
    assert boss.post(path, typed(version="2")).status_code == 302  # and back
    assert schedule(house.payments)[0].person == house.eli.pk


def test_a_preview_of_nothing_changed_says_that_nobody_is_touched(boss, path):
    assert "Nobody: who is on call stays the same." in boss.post(path, typed(look="1")).content.decode()


def test_a_move_to_another_step_shows_both(boss, house, path):
    answer = boss.post(path, typed(step="2", look="1"))
    assert [outlook.step for outlook in answer.context["seen"].outlooks] == [1, 2]
    assert "takes over from nobody" in answer.content.decode()


def test_a_start_that_the_clocks_repeat_is_refused_with_both_to_choose(boss, house, path):
    twice = typed(start="2027-10-31", handoff_time="01:30")
    for button in ({}, {"look": "1"}):
        answer = boss.post(path, {**twice, **button})
        html = answer.content.decode()
        assert answer.status_code == 422 and "01:30 exists twice on 31 Oct 2027" in html
        assert 'value="2027-10-31"' in html and html.count('name="start_meant"') == 2
    second = "2027-10-31T01:30:00+00:00"
    answer = boss.post(path, {**twice, "start_meant": second})
    assert answer.status_code == 302, answer.content.decode()
    assert Rotation.objects.get().begun_at == datetime.fromisoformat(second)


# Around each: a clock change of the zone within the 30 days, or none.
ZONES = {
    "Europe/London": datetime(2027, 10, 20, 12, tzinfo=UTC),
    "Africa/Cairo": datetime(2028, 4, 20, 12, tzinfo=UTC),
    "Australia/Lord_Howe": datetime(2028, 3, 25, 12, tzinfo=UTC),
    "America/New_York": datetime(2027, 11, 1, 12, tzinfo=UTC),
    "Asia/Tokyo": datetime(2027, 8, 16, 12, tzinfo=UTC),
}
minutes = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))
crew = st.lists(st.sampled_from(["eli", "lea", "ira", "ana"]), max_size=5)
windows = st.lists(
    st.tuples(st.sets(st.integers(0, 6), min_size=1), minutes, minutes), max_size=2
)  # fmt: skip


# By how many days another start lies from the old one; mostly the running turn goes on.
ANEW = st.sampled_from([None, None, None, -2, 0, 9])


@st.composite
def rules(draw):
    return {
        "people": draw(crew), "zone": draw(st.sampled_from(sorted(ZONES))),
        "period": draw(st.sampled_from(["hourly", "daily", "weekly"])), "every": draw(st.sampled_from([1, 2, 12])),
        "handoff_weekday": draw(st.integers(0, 6)), "handoff_time": draw(minutes),
        "position": draw(st.integers(0, 2)), "step": draw(st.sampled_from([1, 1, 2])),
        "active": draw(st.sampled_from([True, True, True, False])),
        "restrictions": [
            {"weekdays": sorted(days), "from": f"{since:%H:%M}", "to": f"{until:%H:%M}"}
            for days, since, until in draw(windows)
        ],
    }  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    old=rules(),
    new=rules(),
    begun=st.integers(0, 20),
    into=st.integers(0, 60),
    anew=ANEW,
)
def test_what_the_preview_showed_is_what_the_saved_rotation_resolves_to(house, old, new, begun, into, anew):
    """Random edits in the middle of whatever runs, beside another layer and under stand-ins, over clock changes."""
    now = ZONES[new["zone"]]
    with transaction.atomic():
        start = (now - into * HOUR).date() - begun * DAY
        with time_machine.travel(now - into * HOUR, tick=False):
            rotation = _under_way(house, facts(house, old, start), now)
        changes = facts(house, new, start if anew is None else start + anew * DAY)
        if anew is None:
            changes.pop("start"), changes.pop("begun_at", None)
        with time_machine.travel(now, tick=False):
            standing = _both(house, now)
            seen = previewing.of_edit(rotation, changes, now)
            operations.edit_rotation(rotation.pk, changes=changes, version=rotation.version, by=house.admin)
            _compare(seen, standing, _both(house, now))
        transaction.set_rollback(True)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rule=rules(), ahead=st.integers(-5, 5))
def test_the_same_holds_for_a_new_rotation(house, rule, ahead):
    now = ZONES[rule["zone"]]
    with time_machine.travel(now, tick=False), transaction.atomic():
        _under_way(house, facts(house, rule, now.date()), now)
        new = facts(house, rule, now.date() + ahead * DAY) | {"name": "New"}
        standing = _both(house, now)
        seen = previewing.of_new(house.network, new, now)
        operations.create_rotation(team=house.network, by=house.admin, **new)
        _compare(seen, standing, _both(house, now))
        transaction.set_rollback(True)


def facts(house, rule, start):
    """What the operation takes; of a start that the clocks skip or repeat the later moment."""
    wall, zone = datetime.combine(start, rule["handoff_time"]), ZoneInfo(rule["zone"])
    moments = {wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    people = [getattr(house, name) for name in rule["people"]]
    chosen = {"begun_at": max(moments)} if len(moments) == 2 else {}
    return rule | {"name": "Primary", "people": people, "start": start} | chosen


def _under_way(house, rule, now):
    """A rotation of the rule, another layer beside it, and somebody who stands in from now on."""
    rotation = operations.create_rotation(team=house.network, by=house.admin, **rule)
    operations.create_rotation(
        team=house.network, name="Other", people=[house.max], position=1, start=rule["start"], zone="UTC",
        handoff_time=time(0), restrictions=[{"weekdays": [1, 5], "from": "10:00", "to": "15:00"}], by=house.admin,
    )  # fmt: skip
    operations.add_override(
        rotation=rotation,
        user=house.max,
        instead_of=house.lea,
        starts_at=now,
        ends_at=now + 9 * DAY,
        by=house.admin,
    )
    return queries.get_rotation(rotation.pk, by=house.admin)


def _both(house, now):
    return {step: schedule(house.network, step, now) for step in (1, 2)}


def _compare(seen, before, after):
    for outlook in seen.outlooks:
        assert outlook.before == before[outlook.step]
        assert outlook.after == after[outlook.step]
    untouched = {1, 2} - {outlook.step for outlook in seen.outlooks}
    assert {step: before[step] for step in untouched} == {step: after[step] for step in untouched}


@pytest.mark.parametrize(
    "changed",
    [
        {"people": ["ira", "lea"]},
        {"period": "daily", "every": "3", "handoff_time": "17:30", "zone": "Asia/Tokyo"},
        {**OFFICE, "position": "2"},
        {"start": "2027-06-20", "handoff_weekday": "3"},
        {"step": "2", "people": ["lea"], "newcomer": "ira"},
    ],
)
def test_the_page_saves_what_it_showed(boss, house, path, changed):
    """From the typed text on: both buttons, and the fragment that htmx asks for, read the form alike."""
    before = {step: schedule(house.payments, step) for step in (1, 2)}
    seen = boss.post(path, typed(**changed, look="1")).context["seen"]
    live = boss.get("/on-call/payments/rotations/preview/", typed(**changed, of=house.rotation.pk)).context[
        "seen"
    ]
    assert seen.outlooks == live.outlooks
    assert boss.post(path, typed(**changed)).status_code == 302
    _compare(seen, before, {step: schedule(house.payments, step) for step in (1, 2)})
    assert seen.touched


def test_no_inline_style_or_script(boss, path):
    for html in (
        boss.get(path).content.decode(),
        boss.post(path, typed(**OFFICE, look="1")).content.decode(),
    ):
        assert not re.search(r"\sstyle=|\son\w+=|<script(?![^>]*src=)", html)


def test_the_pages_take_few_queries(boss, house, path, django_assert_max_num_queries):
    edit = typed(people=["ira", "lea", "eli", "max"], of=house.rotation.pk, **OFFICE)
    for most, ask in (
        (14, lambda: boss.get(path)),
        (14, lambda: boss.get("/on-call/payments/rotations/")),
        (14, lambda: boss.get("/on-call/payments/rotations/preview/", edit)),
        (20, lambda: boss.post(path, {**edit, "look": "1"})),  # the page and the preview
    ):
        ask()
        with django_assert_max_num_queries(most):
            assert ask().status_code == 200
