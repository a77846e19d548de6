"""People of the directory: their cards, who changes them, whose private number shows."""

from datetime import UTC, datetime, time, timedelta

import pytest

from core.accounts.models import User
from core.audit.models import Event
from core.common.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken, Stale
from escalation import operations, queries
from escalation.local_time import at_work, in_words, zone_of
from escalation.models import Card
from tests.escalation.conftest import NOON

FRIDAY = datetime(2027, 6, 18, tzinfo=UTC)
NINE, FIVE = time(9), time(17)


def test_whoever_works_in_a_team_has_a_card_that_is_checked_every_quarter(house):
    assert {card.user.username for card in Card.objects.all()} == {"ana", "eli", "lea", "ira", "max"}
    card = house.eli.card
    assert (card.review_due, card.next_chase_at) == (
        (NOON + timedelta(days=91)).date(),
        NOON.replace(hour=9) + timedelta(days=91),
    )


def test_people_change_their_own_entry_and_the_reminder_moves_with_their_zone(house, by):
    changes = {"languages": "English, German", "work_days": [0, 1], "work_from": NINE, "work_to": FIVE}
    operations.edit_person("lea", changes={**changes, "timezone": "Asia/Tokyo"}, by=by(house.lea))
    person = queries.get_person("lea", by=by(house.ana))
    assert (person.card.languages, person.timezone) == ("English, German", "Asia/Tokyo")
    assert person.card.next_chase_at == NOON.replace(hour=0) + timedelta(days=91)
    assert Event.objects.get(name="person.changed").after["languages"] == "English, German"


def test_others_change_it_only_as_managers(house, by):
    with pytest.raises(NotAllowed, match="the person and managers"):
        operations.edit_person("lea", changes={"languages": "Latin"}, by=by(house.eli))
    operations.edit_person("lea", changes={"languages": "Latin"}, by=house.admin)


def test_a_stale_edit_of_a_person_is_refused(house):
    operations.edit_person("lea", changes={"chat": "#lea"}, version=1, by=house.admin)
    with pytest.raises(Stale):
        operations.edit_person("lea", changes={"chat": "#other"}, version=1, by=house.admin)


@pytest.mark.parametrize(
    "changes",
    [{"work_days": [7]}, {"work_from": NINE}, {"timezone": "Mars/Olympus"}, {"username": "x"}, {"phone": "1" * 99}],
)  # fmt: skip
def test_facts_that_do_not_hold_are_refused(house, changes):
    with pytest.raises((Invalid, RuleBroken)):
        operations.edit_person("lea", changes=changes, by=house.admin)


def test_the_trail_never_holds_a_private_number(house):
    operations.edit_person("lea", changes={"phone": "+44 20 5550 0188"}, by=house.admin)
    assert User.objects.get(username="lea").phone == "+44 20 5550 0188"
    (event,) = Event.objects.filter(name="user.facts_edited")
    assert event.after == {"phone": "a private number"}


def test_the_check_of_a_day_is_made_once(house, by, noon):
    due = house.eli.card.review_due
    noon.shift(timedelta(days=95))
    operations.review_person("eli", due=due, by=by(house.eli))
    assert Card.objects.get(user=house.eli).review_due == (NOON + timedelta(days=186)).date()
    with pytest.raises(Conflict, match="checked meanwhile"):
        operations.review_person("eli", due=due, by=by(house.eli))


def test_for_customers_there_are_no_people(house, by, casey):
    with pytest.raises(NotFound):
        operations.edit_person("eli", changes={"chat": "x"}, by=by(casey))


@pytest.mark.parametrize(
    ("days", "start", "end", "at", "expected"),
    [
        (range(5), NINE, FIVE, FRIDAY.replace(hour=9), True),
        (range(5), NINE, FIVE, FRIDAY.replace(hour=17), False),
        (range(5), NINE, FIVE, FRIDAY + timedelta(days=1, hours=12), False),
        ([4], time(22), time(6), FRIDAY + timedelta(hours=23), True),
        ([4], time(22), time(6), FRIDAY + timedelta(days=1, hours=5), True),
        ([4], time(22), time(6), FRIDAY + timedelta(hours=5), False),
        ([], NINE, FIVE, FRIDAY, None),
        ([0], None, None, FRIDAY, None),
    ],
)
def test_at_work_by_their_own_clock(days, start, end, at, expected):
    assert at_work(days, start, end, at) is expected


def test_working_hours_in_words():
    assert in_words(range(5), NINE, FIVE) == "Mon to Fri 09:00-17:00"
    assert in_words([6, 0], NINE, FIVE) == "Mon, Sun 09:00-17:00"
    assert in_words([], NINE, FIVE) == ""


def test_an_unknown_zone_is_utc():
    assert zone_of("Mars/Olympus").key == "UTC"


# --- pages ---------------------------------------------------------------------------------------------------
@pytest.fixture
def page(client, house):
    def get(path: str, who: str = "ana", status: int = 200) -> str:
        client.force_login(getattr(house, who))
        response = client.get(path)
        assert response.status_code == status
        return response.content.decode()

    return get


def test_the_list_names_everybody_and_who_is_on_call(page, casey):
    html = page("/on-call/people/")
    assert "Eli Engel" in html and "Max Moreau" in html and "Casey" not in html
    assert html.count("On call</span>") == 1


def test_people_are_found_by_name_and_language(page, house):
    operations.edit_person("lea", changes={"languages": "Swedish"}, by=house.admin)
    html = page("/on-call/people/?search=swedish")
    assert "Lea Lind" in html and "Eli Engel" not in html
    assert "Nobody found" in page("/on-call/people/?search=xyzzy")


def test_the_page_of_a_person_says_how_and_when(page, house):
    html = page("/on-call/people/eli/")
    assert 'href="tel:+442055500101"' in html and "on call for" in html
    operations.edit_person(
        "lea", changes={"timezone": "Asia/Tokyo", "phone": "+81 3 5550 0102"}, by=house.admin
    )
    html = page("/on-call/people/lea/")
    assert "+81" not in html and "shows while they are on call" in html
    assert "21:00</b> for them (Asia/Tokyo)" in html
    assert "Call who is on call for Payments engineering" in html


def test_a_work_number_always_shows(page, house):
    operations.edit_person("lea", changes={"work_phone": "+44 20 5550 0900"}, by=house.admin)
    assert 'href="tel:+442055500900"' in page("/on-call/people/lea/")


def test_people_edit_themselves_on_a_page(client, page, house):
    html = page("/on-call/people/lea/edit/", "lea")
    assert 'name="languages"' in html
    typed = {"first_name": "Lea", "last_name": "Lind", "timezone": "Europe/Oslo", "languages": "Norwegian",
             "work_days": ["0", "1"], "work_from": "09:00", "work_to": "17:00", "version": "1"}  # fmt: skip
    assert client.post("/on-call/people/lea/edit/", typed).status_code == 302
    card = Card.objects.get(user__username="lea")
    assert (card.languages, card.work_days, card.user.timezone) == ("Norwegian", [0, 1], "Europe/Oslo")
    again = client.post("/on-call/people/lea/edit/", {**typed, "languages": "Danish"})
    assert again.status_code == 412 and "Danish" in again.content.decode()
    page("/on-call/people/eli/edit/", "lea", 403)


def test_a_manager_edits_without_seeing_or_losing_the_private_number(client, page, house):
    User.objects.filter(username="lea").update(phone="+44 20 5550 0102")
    assert "5550 0102" not in page("/on-call/people/lea/edit/", "max")
    typed = {"first_name": "Lea", "timezone": "UTC", "version": "1", "phone": ""}
    assert client.post("/on-call/people/lea/edit/", typed).status_code == 302
    assert User.objects.get(username="lea").phone == "+44 20 5550 0102"
