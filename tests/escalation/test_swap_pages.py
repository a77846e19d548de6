"""Swaps on real pages: asked, taken, too late, declined, withdrawn; who sees what; the mail leads there."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings

from core.accounts.models import User
from core.outbox.models import OutgoingMessage
from core.timers import sweeps
from escalation import operations
from escalation.models import Shift, Swap
from tests.escalation.conftest import NOON
from tests.escalation.test_rosters import HOUR, MONDAY

DAY = timedelta(days=1)


@pytest.fixture
def signed(client, house):
    def enter(name):
        client.force_login(getattr(house, name))
        return client

    return enter


@pytest.fixture
def asked(house, by):
    """Eli offers the night of 16 June to anybody of Payments."""
    return operations.ask_swap(
        rotation=house.rotation, starts_at=NOON + 6 * HOUR, ends_at=NOON + 18 * HOUR, note="Concert", by=by(house.eli)
    )  # fmt: skip


def own_shift(person):
    return Shift.objects.filter(user=person).first()


def text(answer):
    return answer.content.decode()


# --- asking -----------------------------------------------------------------------------------------------
def test_a_whole_shift_goes_to_anybody_of_the_team(signed, house):
    page, shift = signed("eli"), own_shift(house.eli)
    assert f"/on-call/shifts/{shift.pk}/swap/" in text(page.get("/on-call/shifts/"))
    assert f"/on-call/shifts/{shift.pk}/swap/" in text(page.get("/on-call/payments/"))
    form = text(page.get(f"/on-call/shifts/{shift.pk}/swap/"))
    assert "Anybody of the team" in form and "Lea Lind: Mon 21 Jun 08:00" in form
    answer = page.post(f"/on-call/shifts/{shift.pk}/swap/", {"note": "Concert"}, follow=True)
    swap = Swap.objects.get()
    assert answer.redirect_chain == [(f"/on-call/swaps/{swap.pk}/", 302)]
    assert (swap.starts_at, swap.ends_at, swap.asked_of, swap.note) == (NOON, MONDAY, None, "Concert")
    assert "The team is asked" in text(answer)
    assert "On offer" in text(page.get("/on-call/shifts/"))
    assert "You offer this shift" in text(page.get(f"/on-call/shifts/{shift.pk}/swap/"))


def test_a_part_with_a_shift_in_return_goes_to_whose_that_is(signed, house):
    page, shift = signed("eli"), own_shift(house.eli)
    back = own_shift(house.lea)
    typed = {"starts_at": "2027-06-17T09:00", "ends_at": "2027-06-17T17:00", "in_return": back.pk}
    page.post(f"/on-call/shifts/{shift.pk}/swap/", typed)
    swap = Swap.objects.get()
    assert (swap.starts_at, swap.asked_of, swap.return_starts_at) == (NOON + 21 * HOUR, house.lea, MONDAY)
    assert "with a shift in return" in text(signed("lea").get("/on-call/shifts/"))
    page = signed("lea")
    assert "In return" in text(page.get(f"/on-call/swaps/{swap.pk}/"))
    page.post(f"/on-call/swaps/{swap.pk}/take/")
    assert Swap.objects.get().state == "taken"


@pytest.mark.parametrize(
    ("typed", "status", "sentence"),
    [
        (
            {"starts_at": "2027-06-20T09:00", "ends_at": "2027-06-22T09:00"},
            400,
            "not on call in this rotation",
        ),
        ({"starts_at": "2027-06-17T09:00", "ends_at": "2027-06-17T08:00"}, 400, "must end after it starts"),
        ({"starts_at": "soon"}, 422, "Write it as 2027-02-05 16:30"),
        ({"in_return": "999999"}, 422, "999999"),
    ],
)
def test_what_cannot_be_keeps_the_text(signed, house, typed, status, sentence):
    shift = own_shift(house.eli)
    answer = signed("eli").post(f"/on-call/shifts/{shift.pk}/swap/", {**typed, "note": "Concert"})
    assert (answer.status_code, Swap.objects.count()) == (status, 0)
    assert sentence in text(answer) and 'value="Concert"' in text(answer)


def test_in_return_for_one_from_another_is_refused(signed, house):
    typed = {"asked_of": house.ira.pk, "in_return": own_shift(house.lea).pk}
    answer = signed("eli").post(f"/on-call/shifts/{own_shift(house.eli).pk}/swap/", typed)
    assert answer.status_code == 422 and "This shift is Lea Lind&#x27;s: ask them" in text(answer)


def test_nobody_offers_the_shift_of_another(signed, house):
    shift = own_shift(house.lea)
    for method in ("get", "post"):
        answer = getattr(signed("eli"), method)(f"/on-call/shifts/{shift.pk}/swap/")
        assert answer.status_code == 403 and "shift of Lea Lind, who alone can offer it" in text(answer)
    Shift.objects.filter(pk=shift.pk).update(cancelled_at=NOON)
    assert signed("lea").get(f"/on-call/shifts/{shift.pk}/swap/").status_code == 404


# --- taking -----------------------------------------------------------------------------------------------
def test_the_mail_leads_to_the_page_where_it_is_taken(signed, asked):
    mail = OutgoingMessage.objects.get(topic="swap.asked", to__startswith="lea")
    address = f"{settings.BASE_URL.rstrip('/')}/on-call/swaps/{asked.pk}/"
    assert address in mail.text
    page = signed("lea")
    assert "Take this shift" in text(page.get(f"/on-call/swaps/{asked.pk}/"))
    answer = page.post(f"/on-call/swaps/{asked.pk}/take/", follow=True)
    assert "The shift is yours" in text(answer) and "Lea Lind is on call instead of Eli Engel" in text(answer)
    told = OutgoingMessage.objects.filter(topic="swap.decided")
    assert told.count() == 3 and all(address in row.text for row in told)  # both, and the lead


def test_the_second_hears_who_was_first(signed, house, asked):
    signed("ira").post(f"/on-call/swaps/{asked.pk}/take/")
    answer = signed("lea").post(f"/on-call/swaps/{asked.pk}/take/")
    assert answer.status_code == 409
    assert "This shift is not on offer any more: Ira Ivers was first." in text(answer)
    twice = signed("ira").post(f"/on-call/swaps/{asked.pk}/take/")
    assert twice.status_code == 409 and "you took it already" in text(twice)


def test_what_was_withdrawn_or_is_over_says_so(signed, house, asked, noon):
    page = signed("eli")
    assert "Take this shift" not in text(page.get(f"/on-call/swaps/{asked.pk}/"))
    assert "off the table" in text(page.post(f"/on-call/swaps/{asked.pk}/withdraw/", follow=True))
    answer = signed("lea").post(f"/on-call/swaps/{asked.pk}/take/")
    assert answer.status_code == 409 and "it was withdrawn" in text(answer)
    Swap.objects.update(state="asked", expires_at=NOON + HOUR)
    noon.shift(2 * HOUR)
    late = signed("lea").post(f"/on-call/swaps/{asked.pk}/take/")
    assert late.status_code == 409 and "its time is over" in text(late)
    sweeps.run_due()
    assert "Nobody took it" in text(signed("lea").get(f"/on-call/swaps/{asked.pk}/"))


def test_who_was_asked_by_name_declines(signed, house, by):
    swap = operations.ask_swap(
        rotation=house.rotation, starts_at=NOON + HOUR, ends_at=NOON + 2 * HOUR, asked_of=house.lea, by=by(house.eli)
    )  # fmt: skip
    page = signed("lea")
    assert "Decline" in text(page.get(f"/on-call/swaps/{swap.pk}/"))
    page.post(f"/on-call/swaps/{swap.pk}/withdraw/")
    assert Swap.objects.get().state == "withdrawn"


def test_others_see_it_and_cannot_take_it(signed, asked):
    page = signed("ana")
    shown = text(page.get(f"/on-call/swaps/{asked.pk}/"))
    assert "Only who was asked can take it" in shown and "Take this shift" not in shown
    answer = page.post(f"/on-call/swaps/{asked.pk}/take/")
    assert answer.status_code == 403 and "Only who was asked can take this shift" in text(answer)


# --- lists ------------------------------------------------------------------------------------------------
def test_who_is_asked_finds_it_on_their_work_and_others_do_not(signed, house, asked):
    path = f"/on-call/swaps/{asked.pk}/"
    for name, finds in (("lea", True), ("ira", True), ("eli", False), ("ana", False)):
        page = signed(name)
        assert (path in text(page.get("/my/"))) is finds, name
        assert ("You are asked" in text(page.get("/on-call/shifts/"))) is finds, name
        for place in ("/on-call/swaps/", "/on-call/swaps/?team=payments", "/on-call/payments/"):
            assert path in text(page.get(place)), (name, place)
        assert path not in text(page.get("/on-call/swaps/?team=network"))


def test_where_nothing_is_the_page_says_what_that_means(signed, house):
    page = signed("ana")
    assert "No shift of yours in the next 60 days" in text(page.get("/on-call/shifts/"))
    assert "No shift is on offer" in text(page.get("/on-call/swaps/"))
    assert "No shift of this team is on offer" in text(page.get("/on-call/payments/"))
    assert page.get("/on-call/swaps/?team=nowhere").status_code == 404


def test_for_customers_there_are_no_shifts(client, house, asked, casey):
    client.force_login(casey)
    for path in ("shifts/", f"shifts/{own_shift(house.eli).pk}/swap/", "swaps/", f"swaps/{asked.pk}/"):
        assert client.get(f"/on-call/{path}").status_code == 404, path


def test_lists_cost_the_same_with_many_offers(signed, house, by, django_assert_max_num_queries):
    for hour in range(30):
        start = NOON + (hour + 1) * HOUR
        operations.ask_swap(rotation=house.rotation, starts_at=start, ends_at=start + HOUR, by=by(house.eli))
    page = signed("lea")
    for path, most in (
        ("/on-call/shifts/", 12),
        ("/on-call/swaps/", 6),
        ("/on-call/payments/", 24),
        ("/my/", 22),
    ):
        page.get(path)
        with django_assert_max_num_queries(most):
            page.get(path)


def test_a_time_that_the_clocks_repeat_is_refused_with_both(signed, house, noon):
    """In Lisbon 01:30 of 31 October 2027 is twice."""
    noon.move_to(NOON + timedelta(days=136))
    sweeps.run_due()
    User.objects.update(timezone="Europe/Lisbon")
    night = NOON + timedelta(days=137)  # Sunday noon
    shift = Shift.objects.get(cancelled_at=None, starts_at__lt=night, ends_at__gt=night)
    path = f"/on-call/shifts/{shift.pk}/swap/"
    answer = signed(shift.user.username).post(path, {"ends_at": "2027-10-31T01:30"})
    assert (answer.status_code, Swap.objects.count()) == (422, 0)
    meant = {"ends_at": "2027-10-31T01:30", "ends_at_meant": "2027-10-31T01:30:00+00:00"}
    assert signed(shift.user.username).post(path, meant).status_code == 302
    assert f"{Swap.objects.get().ends_at:%d %H:%M}" == "31 01:30"
