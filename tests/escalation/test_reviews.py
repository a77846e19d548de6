"""Entries are chased until somebody checks them; the mail's link answers with one click and no sign-in."""

import re
from datetime import date, timedelta

import pytest

from core.accounts.models import User
from core.audit.models import Event
from core.outbox.models import OutgoingMessage
from core.timers import sweeps
from escalation import operations, review_mail
from escalation.models import Card, Team
from tests.escalation.conftest import NOON

QUARTER, WEEK, DAY = timedelta(days=91), timedelta(weeks=1), timedelta(days=1)
LINK = re.compile(r"https?://[^/]+(/on-call/still-right/\S+/)")


@pytest.fixture
def quiet(house):
    """Nobody's own card is due while a test speaks of teams."""
    Card.objects.update(next_chase_at=None)
    Team.objects.exclude(slug="payments").update(next_chase_at=None)
    return house


def to_whom():
    rows = OutgoingMessage.objects.filter(topic=review_mail.TOPIC).order_by("id")
    return [row.to.removesuffix("@desk.example") for row in rows]


def link_to(name: str) -> str:
    row = OutgoingMessage.objects.filter(topic=review_mail.TOPIC, to=f"{name}@desk.example").latest("id")
    return LINK.search(row.text)[1]


def test_the_owner_hears_on_the_day_then_weekly_and_lead_and_manager_after_two_weeks(quiet, noon):
    operations.edit_team("payments", changes={"owner": quiet.eli, "lead": quiet.ira}, by=quiet.admin)
    sweeps.run_due()
    assert to_whom() == []
    heard = []
    for wait in (QUARTER, WEEK, WEEK):
        noon.shift(wait)
        sweeps.run_due()
        sweeps.run_due()
        heard.append(to_whom()[sum(map(len, heard)) :])
    assert heard == [["eli"], ["eli"], ["eli", "ira", "max"]]


def test_missed_weeks_make_one_mail(quiet, noon):
    noon.shift(QUARTER + 3 * WEEK)
    sweeps.run_due()
    assert to_whom() == ["ira", "max"]
    assert Team.objects.get(slug="payments").next_chase_at == NOON.replace(hour=8) + QUARTER + 4 * WEEK


def test_who_takes_over_where_there_is_no_owner(quiet, noon):
    operations.edit_team("payments", changes={"owner": None, "lead": None, "manager": None}, by=quiet.admin)
    operations.edit_team("payments", changes={"email": "payments@desk.example"}, by=quiet.admin)
    noon.shift(QUARTER)
    sweeps.run_due()
    assert to_whom() == ["payments"]
    assert not LINK.search(OutgoingMessage.objects.get(topic=review_mail.TOPIC).text)


def test_the_mail_says_what_is_to_be_checked_and_where(quiet, noon, mailoutbox):
    noon.shift(QUARTER)
    sweeps.run_due()
    (mail,) = [mail for mail in mailoutbox if mail.subject.startswith("Still right?")]
    assert mail.subject == "Still right? Payments engineering"
    assert "Card payments, settlement files" in mail.body
    assert "/on-call/payments/edit/" in mail.body
    assert len(mail.body.splitlines()) < 20


def test_a_queued_mail_is_dropped_when_somebody_checked_meanwhile(quiet, noon, mailoutbox):
    noon.shift(QUARTER)
    sweeps.run("escalation.team_reviews")
    operations.review_team("payments", by=quiet.admin)
    sweeps.run_due()
    assert not [mail for mail in mailoutbox if mail.subject.startswith("Still right?")]
    assert OutgoingMessage.objects.get(topic=review_mail.TOPIC).note == "The entry was checked meanwhile."


def test_people_check_their_own_entry(house, noon):
    Team.objects.update(next_chase_at=None)
    Card.objects.exclude(user=house.eli).update(next_chase_at=None)
    noon.shift(QUARTER)
    sweeps.run_due()
    assert to_whom() == ["eli"]
    noon.shift(2 * WEEK)
    sweeps.run_due()
    assert to_whom() == ["eli", "eli", "ira", "max"]


def test_who_left_is_not_chased(house, noon):
    Team.objects.update(next_chase_at=None)
    User.objects.filter(pk=house.eli.pk).update(is_active=False)
    Card.objects.exclude(user=house.eli).update(next_chase_at=None)
    noon.shift(QUARTER)
    sweeps.run_due()
    assert to_whom() == [] and Card.objects.get(user=house.eli).next_chase_at is None


# --- the link ------------------------------------------------------------------------------------------------
@pytest.fixture
def link(quiet, noon):
    noon.shift(QUARTER)
    sweeps.run_due()
    return link_to("ira")


def due() -> date:
    return Team.objects.get(slug="payments").review_due


def test_a_mail_scanner_that_opens_the_link_changes_nothing(client, link):
    before = due()
    for method in (client.get, client.head, client.get):
        assert method(link).status_code == 200
    assert due() == before


def test_one_click_checks_the_entry_without_signing_in(client, link):
    shown = client.get(link).content.decode()
    assert "Is this entry still right?" in shown and "Yes, still right" in shown
    answer = client.post(link, follow=True)
    assert "The next check is due by 15 December 2027" in answer.content.decode()
    assert due() == (NOON + 2 * QUARTER).date()
    event = Event.objects.get(name="team.reviewed")
    assert (event.actor_label, event.door) == ("Ira Ivers", "mail")


def test_a_second_click_changes_nothing_and_says_so(client, link, noon):
    client.post(link)
    noon.shift(DAY)
    answer = client.post(link)
    assert answer.status_code == 409 and "checked meanwhile" in answer.content.decode()
    assert due() == (NOON + 2 * QUARTER).date()


def test_a_link_of_another_check_or_too_old_or_made_up_says_nothing_right(client, link, noon):
    assert client.get(link[:-3] + "/").status_code == 404
    assert client.post("/on-call/still-right/x/").status_code == 404
    noon.shift(31 * DAY)
    answer = client.post(link)
    assert answer.status_code == 410 and "older than 30 days" in answer.content.decode()
    assert Team.objects.get(slug="payments").reviewed_at == NOON


def test_who_keeps_the_entry_no_more_cannot_check_it(client, link, quiet):
    operations.edit_team("payments", changes={"owner": None, "lead": None}, by=quiet.admin)
    answer = client.post(link)
    assert answer.status_code == 403 and due() == (NOON + QUARTER).date()


def test_a_person_answers_for_themselves(client, house, noon):
    noon.shift(QUARTER)
    sweeps.run_due()
    row = OutgoingMessage.objects.get(to="eli@desk.example", about_kind="person")
    assert "ends in 01" in row.text and "5550 0101" not in row.text
    client.post(LINK.search(row.text)[1])
    assert Card.objects.get(user=house.eli).review_due == (NOON + 2 * QUARTER).date()


# --- the list of what is late --------------------------------------------------------------------------------
def test_the_list_shows_ones_own_first_and_lets_check_there(client, quiet, noon):
    noon.shift(QUARTER + DAY)
    client.force_login(quiet.ira)
    html = client.get("/on-call/review/").content.decode()
    assert html.index("Payments engineering") < html.index("Network")
    assert "Still right: Payments engineering" in html and "Still right: Network" not in html
    answer = client.post("/on-call/payments/reviewed/", {"back": "/on-call/review/"})
    assert answer["Location"] == "/on-call/review/"
    assert "Payments engineering</b>" not in client.get("/on-call/review/").content.decode()


def test_nothing_late_says_so(client, house):
    client.force_login(house.ana)
    assert "Everything is checked" in client.get("/on-call/review/").content.decode()
