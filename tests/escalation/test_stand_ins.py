"""Stand-ins on real pages: arranged, ended early, kept as history; each through its operation."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from core.audit.models import Event
from escalation import directory, operations, planning, schedules
from escalation.models import Override
from tests.escalation.conftest import NOON

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LIST, NEW = "/on-call/payments/stand-ins/", "/on-call/payments/override/"


@pytest.fixture
def page(client, house):
    """The pages as Eli, who takes turns."""
    client.force_login(house.eli)
    return client


def lay(house, start, end, user="lea", **more):
    return operations.add_override(
        rotation=house.rotation, user=getattr(house, user), starts_at=NOON + start, ends_at=NOON + end,
        by=house.admin, **more,
    )  # fmt: skip


def typed(house, **changed):
    return {
        "rotation": house.rotation.pk, "user": house.lea.pk, "instead_of": house.eli.pk, "reason": "Dentist",
        "starts_at": "2027-06-16T13:00", "ends_at": "2027-06-16T18:00",
    } | changed  # fmt: skip


def sections(html):
    """What stands under Now, Coming and Over."""
    found = {}
    for part in html.split('<section class="panel" aria-label="')[1:]:
        found[part.partition('"')[0]] = part.partition("</section>")[0]
    return found


def test_the_list_holds_what_runs_what_comes_and_what_was(page, house, noon):
    lay(house, HOUR, 2 * HOUR, reason="Dentist")
    ended = lay(house, 5 * DAY, 6 * DAY, user="ira", reason="Called off")
    operations.cancel_override(ended.pk, by=house.admin)
    noon.shift(3 * HOUR)
    lay(house, 3 * HOUR, 4 * HOUR, user="ira")
    lay(house, 2 * DAY, 3 * DAY, instead_of=house.eli, reason="Holiday")
    shown = sections(page.get(LIST).content.decode())
    assert "Ira Ivers" in shown["Now"] and "whoever is on call" in shown["Now"]
    assert "for Eli Engel" in shown["Coming"] and "Holiday" in shown["Coming"]
    assert "Dentist" in shown["Over"]
    assert "Called off" in shown["Over"] and "Ended early" in shown["Over"]  # as history
    assert "/cancel/" in shown["Now"] and "/cancel/" not in shown["Over"]
    assert "/on-call/payments/stand-ins/" in page.get("/on-call/payments/").content.decode()


def test_the_history_goes_on_behind_the_first_fifty(page, house, noon):
    Override.objects.bulk_create(
        Override(
            rotation=house.rotation, user=house.lea, starts_at=NOON - n * DAY, ends_at=NOON - n * DAY + HOUR,
            reason=f"No {n}.",
        )
        for n in range(1, 61)
    )  # fmt: skip
    first = page.get(LIST)
    assert "No 50." in first.content.decode() and "No 51." not in first.content.decode()
    older = page.get(LIST, {"cursor": first.context["past"].next}).content.decode()
    assert "No 51." in older and "No 60." in older


def test_one_is_arranged_by_who_takes_turns(page, house):
    assert "Europe" not in page.get(NEW).content.decode()  # the reader's zone is UTC
    assert page.post(NEW, typed(house)).status_code == 302
    override = Override.objects.get()
    assert (override.user, override.instead_of, override.starts_at) == (house.lea, house.eli, NOON + HOUR)
    assert Event.objects.get(name="override.added").door == "web"


def test_times_are_typed_in_the_readers_zone(page, house):
    operations.edit_person("eli", changes={"timezone": "Asia/Tokyo"}, by=house.admin)
    assert "your zone, Asia/Tokyo" in page.get(NEW).content.decode()
    assert (
        page.post(NEW, typed(house, starts_at="2027-06-17T09:00", ends_at="2027-06-17T18:00")).status_code
        == 302
    )
    assert Override.objects.get().starts_at == datetime(2027, 6, 17, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "text", "words", "offers"),
    [
        ("starts_at", "2027-10-31T01:30", "01:30 exists twice", ["2027-10-31T00:30", "2027-10-31T01:30"]),
        ("ends_at", "2028-03-26T01:30", "01:30 does not exist", ["2028-03-26T00:30", "2028-03-26T01:30"]),
    ],
)
def test_a_time_that_the_clocks_skip_or_repeat_is_kept_with_both_to_choose(
    page, house, name, text, words, offers
):
    operations.edit_person("eli", changes={"timezone": "Europe/London"}, by=house.admin)
    times = {"starts_at": "2027-10-30T09:00", "ends_at": "2028-03-27T09:00"} | {name: text}
    answer = page.post(NEW, typed(house, **times))
    html = answer.content.decode()
    assert answer.status_code == 422 and words in html and f'value="{text}"' in html and "Dentist" in html
    for offer in offers:
        assert f'name="{name}_meant" value="{offer}:00+00:00"' in html
    assert not Override.objects.exists()
    assert (
        page.post(NEW, typed(house, **times, **{f"{name}_meant": f"{offers[0]}:00+00:00"})).status_code == 302
    )
    assert getattr(Override.objects.get(), name) == datetime.fromisoformat(f"{offers[0]}:00+00:00")


def test_one_is_ended_and_the_page_before_says_what_then(page, house, noon):
    override = lay(house, timedelta(0), DAY, instead_of=house.eli)
    noon.shift(HOUR)
    ask = page.get(f"{LIST}{override.pk}/cancel/").content.decode()
    assert "<b>Lea Lind</b> hands over to <b>Eli Engel</b> as soon as this is ended" in ask
    assert page.post(f"{LIST}{override.pk}/cancel/").status_code == 302
    override.refresh_from_db()
    assert override.cancelled_at == NOON + HOUR
    assert directory.who_is_on_call(house.payments, NOON + HOUR).person == house.eli
    assert directory.who_is_on_call(house.payments, NOON + HOUR / 2).person == house.lea  # what was stays
    for method in (page.get, page.post):
        assert method(f"{LIST}{override.pk}/cancel/").status_code == 409


def test_the_page_before_ending_shows_what_the_ending_makes(page, house):
    """One on top of another: when the upper ends, the lower holds again."""
    lay(house, HOUR, 3 * DAY, user="ira")
    upper = lay(house, 2 * HOUR, DAY, user="lea")
    seen = planning.without(Override.objects.select_related("rotation__team").get(pk=upper.pk), NOON)
    operations.cancel_override(upper.pk, by=house.admin)
    after = schedules.load([house.payments], NOON, NOON + 30 * DAY).segments(house.payments, 1)
    assert [outlook.after for outlook in seen.outlooks] == [tuple(after)]
    assert [one.person for one in seen.touched] == [house.lea.pk, house.ira.pk]


def test_others_look_and_do_not_touch(client, house, casey):
    override = lay(house, HOUR, DAY)
    client.force_login(house.ana)
    html = client.get(LIST).content.decode()
    assert "Lea Lind" in html and "/cancel/" not in html and "Arrange stand-in" not in html
    for path in (NEW, f"{LIST}{override.pk}/cancel/"):
        assert client.get(path).status_code == client.post(path, typed(house)).status_code == 403
    client.force_login(casey)
    for path in (LIST, NEW, f"{LIST}{override.pk}/cancel/"):
        assert client.get(path).status_code == 404
    assert Override.objects.get().cancelled_at is None


def test_a_stand_in_of_another_team_is_not_found_here(page, house):
    override = lay(house, HOUR, DAY)
    assert page.get(f"/on-call/network/stand-ins/{override.pk}/cancel/").status_code == 404


def test_only_rotations_that_one_may_cover_are_offered(page, house):
    with time_machine.travel(NOON, tick=False):
        other = operations.create_rotation(
            team=house.payments, name="Managers", step=2, people=[house.max], start=NOON.date(),
            handoff_time=NOON.time(), by=house.admin,
        )  # fmt: skip
    assert "Managers" not in page.get(NEW).content.decode()
    assert page.post(NEW, typed(house, rotation=other.pk)).status_code == 422
    page.force_login(house.ira)  # leads the team
    assert "Managers" in page.get(NEW).content.decode()
