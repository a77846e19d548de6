"""How many tiers there are, what they are called: data, edited by admins, refused where work would be stranded."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest

from core.audit import words
from core.audit.models import Event
from core.common import clock
from core.common.errors import Conflict, Invalid, NotAllowed, NotFound, RuleBroken, Stale
from escalation import operations, tiers
from escalation.ladder import Ladder
from escalation.models import Team, Tier
from tests.api.conftest import Api, problem, token_for
from tests.world import HANDOFF
from tickets import operations as tickets

pytestmark = pytest.mark.django_db
SOON = clock.now().date() + timedelta(days=30)


@pytest.fixture
def root_by(root, by):
    return by(root)


@pytest.fixture
def desk(ana, eli, by, root_by) -> SimpleNamespace:
    """A desk of two tiers with a team each, and one ticket."""
    operations.remove_tier(3, by=root_by)
    teams = [Team.objects.create(slug=f"t{n}", name=f"Team {n}", tier=n, review_due=SOON) for n in (1, 2)]
    ticket = tickets.create(subject="Cards fail", by=by(ana))
    return SimpleNamespace(teams=teams, ref=ticket.reference, ana=by(ana), eli=by(eli))


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [(1, 1, "L1"), (2, 1, ""), (2, 2, "L2"), (2, 3, "L2 and L3"), (2, 5, "L2 to L5"), (1, 4, "L1 to L4")],
)
def test_a_span_of_tiers_in_words(first, last, words):
    assert Ladder({}, last).span(first) == words


def test_a_desk_starts_with_three():
    ladder = tiers.ladder_now()
    assert ([ladder.name(number) for number in ladder.numbers], ladder.last) == (["L1", "L2", "L3"], 3)


def test_a_fourth_tier_takes_work_once_it_has_a_team(desk, root_by):
    operations.add_tier(name="L3", by=root_by)
    for tier in (1, 2):
        if tier == 2:
            with pytest.raises(Conflict, match="No team works at L3"):
                tickets.escalate(desk.ref, from_tier=tier, handoff=HANDOFF, by=desk.ana)
            Team.objects.create(slug="t3", name="Team 3", tier=3, review_due=SOON)
        moved = tickets.escalate(desk.ref, from_tier=tier, handoff=HANDOFF, by=desk.ana)
    assert moved.tier == 3


def test_the_last_tier_is_what_the_data_says(desk, root_by):
    tickets.escalate(desk.ref, from_tier=1, handoff=HANDOFF, by=desk.ana)
    with pytest.raises(Conflict, match="is at L2, the last tier"):
        tickets.escalate(desk.ref, from_tier=2, handoff=HANDOFF, by=desk.ana)


def test_there_are_at_most_five(root_by):
    operations.add_tier(name="Vendor", by=root_by)
    operations.add_tier(name="Maker", by=root_by)
    with pytest.raises(RuleBroken, match="at most 5"):
        operations.add_tier(name="Beyond", by=root_by)


def test_a_name_is_there_once(root_by):
    with pytest.raises(Invalid):
        operations.add_tier(name="L2", by=root_by)
    assert tiers.ladder_now().last == 3


def test_one_that_was_taken_away_comes_back_under_its_number(root_by):
    operations.remove_tier(3, by=root_by)
    again = operations.add_tier(name="Developers", by=root_by)
    assert (again.number, again.active, Tier.objects.count()) == (3, True, 3)


def test_only_the_last_one_goes_and_never_the_first(root_by):
    with pytest.raises(RuleBroken, match="Only the last tier"):
        operations.remove_tier(2, by=root_by)
    operations.remove_tier(3, by=root_by)
    operations.remove_tier(2, by=root_by)
    with pytest.raises(RuleBroken, match="where work comes in"):
        operations.remove_tier(1, by=root_by)
    with pytest.raises(Conflict, match="already"):
        operations.remove_tier(3, by=root_by)


def test_a_tier_with_a_team_stays(desk, root_by):
    with pytest.raises(RuleBroken, match="Team 2 works at L2"):
        operations.remove_tier(2, by=root_by)
    assert tiers.ladder_now().last == 2


def test_a_tier_with_open_work_stays(desk, root_by):
    tickets.escalate(desk.ref, from_tier=1, handoff=HANDOFF, by=desk.ana)
    operations.edit_team("t2", changes={"tier": 1}, by=root_by)
    with pytest.raises(RuleBroken, match="Open tickets stand at L2"):
        operations.remove_tier(2, by=root_by)
    tickets.resolve(desk.ref, code="fixed", note="Works.", by=desk.ana)
    operations.remove_tier(2, by=root_by)


def test_no_team_moves_to_a_tier_that_is_not_there(desk, root_by):
    for work in (
        lambda: operations.create_team(name="Newcomers", tier=3, by=root_by),
        lambda: operations.edit_team("t2", changes={"tier": 4}, by=root_by),
    ):
        with pytest.raises(Conflict, match="the last tier is L2"):
            work()


def test_history_calls_a_tier_as_it_was_called_then(desk, root_by):
    tickets.escalate(desk.ref, from_tier=1, handoff=HANDOFF, by=desk.ana)
    operations.edit_tier(2, changes={"name": "Engineers"}, by=root_by)
    event = Event.objects.get(name="ticket.escalated")
    assert words.sentence(event) == "escalated it from L1 to L2, Team 2"
    assert tiers.name(2) == "Engineers"


def test_only_admins_edit_and_a_stale_edit_is_refused(by, max, root_by):
    with pytest.raises(NotAllowed):
        operations.edit_tier(1, changes={"name": "First"}, by=by(max))
    with pytest.raises(Stale):
        operations.edit_tier(1, changes={"name": "First"}, version=7, by=root_by)
    with pytest.raises(NotFound):
        operations.edit_tier(9, changes={"name": "First"}, by=root_by)


def test_the_api_reads_adds_renames_and_removes(ana, root):
    api, staff = Api(token_for("root")), Api(token_for("ana"))
    assert [(row["number"], row["last"]) for row in staff.get("/tiers/").json()["results"]] == [
        (1, False), (2, False), (3, True),
    ]  # fmt: skip
    made = api.post("/tiers/", {"name": "L4", "does": "The maker."})
    assert (made.status_code, made.json()["number"], made.json()["last"]) == (201, 4, True)
    assert made.headers["Location"].endswith("/tiers/4/")
    assert api.patch("/tiers/4/", {"name": "Maker"}).json()["name"] == "Maker"
    problem(api.patch("/tiers/4/", {"name": "L1"}), 400)
    assert api.post("/tiers/4/remove/", {}).json()["active"] is False
    assert len(api.get("/tiers/?active=true").json()["results"]) == 3
    problem(staff.post("/tiers/", {"name": "L4"}), 403)
    for unknown in ("/tiers/9/", "/tiers/x/", "/tiers/99999999999999999999/"):
        problem(api.get(unknown), 404)


def test_the_page_adds_renames_and_says_why_one_stays(client, root, desk):
    client.force_login(root)
    page = client.post("/tiers/2/remove/")
    assert page.status_code == 400 and "Team 2 works at L2" in page.content.decode()
    answer = client.post("/tiers/", {"new-name": "L3", "new-does": "Code."}, follow=True)
    assert "L3 is the last tier now" in answer.content.decode()
    assert "No team works here" in answer.content.decode()
    client.post(
        "/tiers/3/",
        {"3-name": "Developers", "3-does": "Code.", "3-version": Tier.objects.get(number=3).version},
    )
    assert tiers.name(3) == "Developers"
    wrong = client.post("/tiers/3/", {"3-name": "L1", "3-does": "typed"})
    assert wrong.status_code == 400 and "typed" in wrong.content.decode()


def test_pages_and_lists_call_the_tiers_by_name(client, ana, desk, root_by):
    operations.edit_tier(2, changes={"name": "Engineers"}, by=root_by)
    client.force_login(ana)
    ticket = client.get(f"/tickets/{desk.ref}/?open=escalate").content.decode()
    assert "Escalate to Engineers" in ticket and "Keep at L1" in ticket
    assert "Engineers" in client.get("/tickets/").content.decode()
