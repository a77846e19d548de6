import re
from datetime import timedelta

import pytest

from customers.models import Organisation
from escalation import board, operations
from escalation.models import Override, Team
from tests.escalation.conftest import NOON
from tests.escalation.test_directory import many_teams


@pytest.fixture
def page(client, house):
    """GET as Ana, an analyst."""
    client.force_login(house.ana)

    def get(path: str, **headers: str) -> str:
        response = client.get(path, headers=headers)
        assert response.status_code == 200
        return response.content.decode()

    return get


def test_the_answer_comes_first_with_name_end_and_a_number_to_tap(page):
    html = page("/on-call/?q=settlement+file")
    assert html.index("Eli Engel") < html.index("Also possible" if "Also possible" in html else "24 hours")
    assert 'href="tel:+442055500101"' in html
    assert "<mark>settlement</mark> <mark>files</mark>" in html
    assert "Portal login." in html
    assert "if no answer in 5 min" in html


def test_without_a_question_everybody_can_be_called_at_once(page):
    html = page("/on-call/")
    assert 'aria-label="Call Eli Engel"' in html
    assert 'href="tel:+442055500900"' in html


def test_the_box_has_the_focus_and_works_without_script(page):
    html = page("/on-call/?q=network")
    assert re.search(r'<form method="get" action="/on-call/"', html)
    assert re.search(r'<input id="q"[^>]* value="network"[^>]*autofocus', html)


def test_htmx_gets_the_answers_alone(page):
    html = page("/on-call/?q=gateway", **{"HX-Request": "true"})
    assert "Eli Engel" in html
    assert "<html" not in html


def test_nothing_found_says_so_and_shows_everybody(page):
    html = page("/on-call/?q=xyzzy")
    assert "No entry speaks of this" in html
    assert "Payments engineering" in html


def test_the_typed_text_is_escaped(page):
    assert "<b>x" not in page("/on-call/?q=<b>x")


def test_an_overdue_entry_is_marked_wherever_it_shows(page, client, house, noon):
    Team.objects.filter(slug="payments").update(review_due=NOON.date() - timedelta(days=1))
    for path in ("/on-call/?q=gateway", "/on-call/", "/on-call/payments/"):
        assert "Check overdue" in page(path)


def test_nobody_on_call_is_red_with_a_word_and_the_next_number_at_once(page, house):
    monday = [{"weekdays": [0], "from": "09:00", "to": "17:00"}]
    operations.edit_rotation(house.rotation.pk, changes={"restrictions": monday}, by=house.admin)
    html = page("/on-call/?q=gateway")
    assert '<b class="bad">Nobody is on call</b>' in html
    assert 'aria-label="Call Ira Ivers, +44 20 5550 0103"' in html
    assert "Nobody on call" in page("/on-call/") and 'aria-label="Call Ira Ivers"' in page("/on-call/")


def test_what_is_not_theirs_has_its_words_marked_too(page):
    html = page("/on-call/?q=card+payments+settlement+gateway+login")
    assert "<b>Not theirs:</b> Portal <mark>login</mark>." in html


def test_the_time_there_stands_beside_the_name(page, house):
    operations.edit_person("eli", changes={"timezone": "Asia/Tokyo"}, by=house.admin)
    assert 'it is <b class="soft num">21:00</b> for them' in page("/on-call/?q=gateway")
    operations.edit_person("eli", changes={"timezone": "Pacific/Auckland"}, by=house.admin)
    html = page("/on-call/?q=gateway")
    assert "Thu 00:00</b> for them, at night" in html


def test_people_and_customers_are_found_in_the_same_box(page, house, kim):
    Organisation.objects.create(slug="acme", name="Acme Foods", account_manager=kim)
    assert "Account manager of Acme Foods" in page("/on-call/?q=acme")
    assert "Not on call" in page("/on-call/?q=lea+lind")


def test_a_vendor_says_what_to_quote(page, house):
    operations.create_team(
        name="Bank line", tier=3, is_vendor=True, contract="7731", quote="Site 12", scope="The line to the bank",
        portal_url="https://bank.example/", phone="+44 20 5550 0400", by=house.admin,
    )  # fmt: skip
    html = page("/on-call/?q=bank+line")
    assert "<b>Quote:</b> Site 12" in html and "Contract 7731" in html and "https://bank.example/" in html


def test_a_gap_is_said_in_words(page, house):
    office = [{"weekdays": [0, 1, 2, 3, 4], "from": "09:00", "to": "17:00"}]
    operations.edit_rotation(house.rotation.pk, changes={"restrictions": office}, by=house.admin)
    html = page("/on-call/")
    assert "Nobody, 16:00 to 08:00" in html
    assert "Gaps in the next 30 days" in html


def test_the_board_begins_at_full_four_hours_and_marks_the_present(house):
    drawn = board.draw([house.payments], NOON + timedelta(hours=2), NOON.tzinfo)
    assert [head.hour for head in drawn.heads] == [12, 16, 20, 0, 4, 8]
    assert drawn.now_column == 15
    (lane,) = drawn.lanes
    assert [(slot.column, slot.width, slot.person, slot.now) for slot in lane.slots] == [
        (1, 168, house.eli, True)
    ]


def test_only_who_may_act_sees_the_buttons(page, client, house):
    html = page("/on-call/payments/")
    assert "Entry is right" not in html
    assert "Arrange stand-in" not in html
    client.force_login(house.eli)
    assert "Arrange stand-in" in client.get("/on-call/payments/").content.decode()


@pytest.mark.parametrize("path", ["/on-call/", "/on-call/?q=gateway", "/on-call/payments/"])
def test_for_customers_the_directory_does_not_exist(client, house, casey, path):
    client.force_login(casey)
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("verb", ["reviewed", "override"])
def test_customers_cannot_write_either(client, house, casey, verb):
    client.force_login(casey)
    assert client.post(f"/on-call/payments/{verb}/").status_code == 404


def test_nobody_signed_in_is_asked_to(client, house):
    assert client.get("/on-call/").status_code == 302


def test_who_checks_an_entry_moves_its_date(client, house, noon):
    noon.shift(timedelta(days=120))
    client.force_login(house.ira)
    assert client.post("/on-call/payments/reviewed/").status_code == 302
    assert Team.objects.get(slug="payments").review_due == (NOON + timedelta(days=211)).date()


def test_a_stand_in_is_arranged_on_the_team_page(client, house):
    client.force_login(house.eli)
    typed = {
        "rotation": house.rotation.pk,
        "user": house.lea.pk,
        "instead_of": house.eli.pk,
        "starts_at": "2027-06-16T11:00",
        "ends_at": "2027-06-16T18:00",
        "reason": "Dentist",
    }
    assert client.post("/on-call/payments/override/", typed).status_code == 302
    assert Override.objects.get().user == house.lea
    assert "Stands in for Eli Engel" in client.get("/on-call/?q=gateway").content.decode()


def test_a_refused_stand_in_keeps_the_typed_text(client, house):
    client.force_login(house.eli)
    typed = {
        "rotation": house.rotation.pk,
        "user": house.lea.pk,
        "starts_at": "2027-06-16T11:00",
        "ends_at": "2027-06-16T10:00",
        "reason": "Dentist",
    }
    response = client.post("/on-call/payments/override/", typed)
    assert response.status_code == 400
    assert "must end after it starts" in response.content.decode()
    assert "Dentist" in response.content.decode()


def test_no_inline_style_or_script(page):
    for path in ("/on-call/?q=gateway", "/on-call/payments/"):
        assert not re.search(r"\sstyle=|\son\w+=|<script(?![^>]*src=)", page(path))


def test_with_200_teams_the_page_takes_few_queries(page, house, django_assert_max_num_queries):
    many_teams(house, 200)
    with django_assert_max_num_queries(9):
        assert page("/on-call/").count('<a class="btn ico" href="tel:') == 202
    for path, most in (
        ("/on-call/?q=payments+file", 9),
        ("/on-call/payments/", 19),
        ("/on-call/people/", 16),
        ("/on-call/people/eli/", 24),
        ("/on-call/review/", 9),
    ):
        with django_assert_max_num_queries(most):
            page(path)


def test_times_are_moments_that_programs_can_read(page):
    assert 'datetime="2027-06-21T08:00:00+00:00"' in page("/on-call/?q=gateway")
