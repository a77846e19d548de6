from datetime import UTC, datetime, time, timedelta

import pytest

from core.common.errors import Conflict
from escalation import directory, finding, operations
from escalation.models import Team
from tests.escalation.conftest import NOON


def test_the_answer_names_person_end_next_and_chain(house):
    answer = directory.who_is_on_call(house.payments)
    assert (answer.person, answer.next) == (house.eli, house.lea)
    assert answer.until == datetime(2027, 6, 21, 8, tzinfo=UTC)
    assert answer.phone == "+44 20 5550 0101"
    assert answer.reason == "Rotation Primary"
    assert [(step.person.username, step.role, step.after_minutes) for step in answer.chain] == [
        ("ira", "team lead", 5),
        ("max", "team manager", 10),
    ]


def test_without_a_rotation_the_team_itself_is_called(house):
    answer = directory.who_is_on_call(house.network)
    assert (answer.person, answer.phone, answer.reason) == (
        None,
        "+44 20 5550 0900",
        "This team has no rotation",
    )


def test_nobody_on_call_starts_the_chain_at_once(house):
    answer = directory.who_is_on_call(house.payments, datetime(2027, 6, 1, tzinfo=UTC))
    assert (answer.person, answer.reason, answer.next) == (None, "Nobody is on call", house.eli)
    assert answer.chain[0].after_minutes == 0


def test_the_second_step_is_called_before_the_lead(house):
    start = NOON.date() - timedelta(days=2)
    operations.create_rotation(
        team=house.payments, name="Second", step=2, people=[house.lea], start=start, handoff_time=time(9),
        by=house.admin,
    )  # fmt: skip
    chain = directory.who_is_on_call(house.payments).chain
    assert [step.person.username for step in chain] == ["lea", "ira", "max"]


def test_a_layer_below_fills_the_hours_that_the_first_leaves(house):
    office = [{"weekdays": [0, 1, 2, 3, 4], "from": "09:00", "to": "17:00"}]
    operations.edit_rotation(house.rotation.pk, changes={"restrictions": office}, by=house.admin)
    operations.create_rotation(
        team=house.payments, name="Nights", position=1, people=[house.ira], start=NOON.date(),
        handoff_time=time(0), by=house.admin,
    )  # fmt: skip
    assert directory.who_is_on_call(house.payments, NOON).person == house.eli
    assert directory.who_is_on_call(house.payments, NOON + timedelta(hours=8)).person == house.ira


@pytest.mark.parametrize(
    ("component", "team"),
    [("gateway", "payments"), ("basket", "payments"), ("ledger", "network"), (None, "network")],
)
def test_work_goes_to_the_owner_of_the_component_then_of_the_application_then_to_generalists(
    house, component, team
):
    found, _ = directory.receiving(component=getattr(house, component or "", None), tier=2)
    assert found.slug == team


def test_receiving_names_the_person_on_call(house):
    assert directory.receiving(component=house.gateway, tier=2) == (house.payments, house.eli)
    assert directory.receiving(component=None, tier=2, application=house.shop) == (house.payments, house.eli)
    assert directory.receiving(component=house.gateway, tier=1) == (house.desk, None)


@pytest.mark.parametrize(
    ("component", "application", "areas", "team"),
    [
        (None, None, ["network"], "network"),
        (None, "shop", ["data"], "storage"),
        ("gateway", None, ["data"], "payments"),
        ("ledger", None, ["data"], "storage"),
        (None, "shop", ["network"], "payments-network"),
        (None, None, ["code"], "generalists"),
    ],
)
def test_without_an_owner_of_the_component_the_owner_of_the_area_takes_it(
    house, component, application, areas, team
):
    changes = {"areas": ["network"], "components": [house.ledger]}
    operations.edit_team("network", changes=changes, by=house.admin)
    operations.create_team(name="Storage", tier=2, areas=["data"], by=house.admin)
    operations.create_team(
        name="Payments network", tier=2, areas=["network"], components=[house.basket], by=house.admin
    )
    operations.create_team(name="Generalists", tier=2, by=house.admin)
    operations.edit_team("network", changes={"components": []}, by=house.admin)
    found = directory.team_for(
        component=component and getattr(house, component),
        application=application and getattr(house, application),
        areas=areas,
        tier=2,
    )
    assert found.slug == team


def test_a_vendor_receives_only_when_nobody_else_does(house):
    operations.create_team(name="A vendor", tier=2, is_vendor=True, by=house.admin)
    assert directory.receiving(component=house.ledger, tier=2)[0] == house.network


def test_a_tier_without_a_team_is_a_conflict(house):
    with pytest.raises(Conflict, match="No team works at L3"):
        directory.receiving(component=house.gateway, tier=3)


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("settlement file late", "payments"),
        ("card declined", "payments"),
        ("ERR_CARD_DECLINED", "payments"),
        ("Web shop", "payments"),
        ("gateway", "payments"),
        ("Lea Lind", "payments"),
        ("netw", "network"),
        ("routes between sites", "network"),
        ("Service desk", "service-desk"),
    ],
)
def test_one_box_finds_by_scope_error_application_component_person_and_name(house, typed, first):
    assert finding.search(typed)[0].team.slug == first


def test_what_a_team_denies_does_not_lead_to_it(house):
    operations.create_team(name="Traffic", tier=2, scope="Load balancers and TLS", by=house.admin)
    assert [answer.team.slug for answer in finding.search("load balancer")] == ["traffic"]


def test_the_answer_tells_which_words_led_to_it(house):
    assert finding.search("the settlement file is late")[0].words == ("settlement", "file")


@pytest.mark.parametrize("nothing", ["", "  ", "the of", "xyzzy"])
def test_nothing_found_is_an_empty_answer(house, nothing):
    assert finding.search(nothing) == []


def test_the_query_count_does_not_grow_with_the_teams(house, django_assert_max_num_queries):
    many_teams(house, 200)
    with django_assert_max_num_queries(9):
        finding.search("payments")
    with django_assert_max_num_queries(9):
        directory.receiving(component=house.gateway, tier=2)


def many_teams(house, number):
    for index in range(number):
        team = operations.create_team(
            name=f"Payments {index}", tier=2, members=[house.eli], components=[house.gateway], by=house.admin
        )
        operations.create_rotation(
            team=team, name="Primary", people=[house.eli, house.lea], start=NOON.date(), handoff_time=time(9),
            by=house.admin,
        )  # fmt: skip
    assert Team.objects.count() > number


def test_a_denied_word_weighs_against_a_team_that_has_it_elsewhere(house):
    operations.edit_team("payments", changes={"keywords": "login expired"}, by=house.admin)
    operations.create_team(name="Identity", tier=2, scope="Sessions and login", by=house.admin)
    assert finding.search("login")[0].team.slug == "identity"
