"""One box: teams by their words, people by name, customers by their account manager; or a piece of work."""

import pytest

from core.accounts.models import User
from customers.models import Organisation
from escalation import directory, finding, matching, operations
from escalation.finding import Work


@pytest.fixture
def find(house, by):
    return lambda text, who="ana": finding.find(text, by(getattr(house, who)))


@pytest.fixture
def acme(kim, house):
    operations.edit_person("kim", changes={"work_phone": "+44 20 5550 0507"}, by=house.admin)
    return Organisation.objects.create(slug="acme", name="Acme Foods", account_manager=kim)


def test_a_person_by_name_who_is_on_call_has_a_number_and_an_end(find, house):
    first, *others = find("eli engel")
    assert (first.kind, first.person, first.phone) == ("person", house.eli, "+44 20 5550 0101")
    assert first.until == directory.who_is_on_call(house.payments).until
    assert [answer.team.slug for answer in others] == ["payments"]


def test_a_person_who_is_not_on_call_keeps_their_number_and_names_who_is(find, house):
    User.objects.filter(pk=house.lea.pk).update(phone="+44 20 5550 0102")
    first = find("lea")[0]
    assert (first.person, first.phone, first.hidden, first.reason) == (house.lea, "", True, "Not on call")
    assert [step.person.username for step in first.chain] == ["eli", "ira", "max"]
    assert first.dial.phone == "+44 20 5550 0101"


def test_a_customer_leads_to_the_account_manager_behind_the_teams_that_fit(find, acme, kim):
    (only,) = find("acme")
    assert (only.kind, only.person, only.phone) == ("customer", kim, "+44 20 5550 0507")
    assert only.reason == "Account manager of Acme Foods"
    both = find("acme settlement file late")
    assert [answer.kind for answer in both] == ["team", "customer"]


@pytest.mark.parametrize(
    ("typed", "first"), [("setlement", "payments"), ("ruotes sites", "network"), ("gatewya", "payments")]
)
def test_one_wrong_letter_is_forgiven(find, typed, first):
    assert find(typed)[0].team.slug == first


def test_a_forgiven_word_is_shown_as_it_is_written(find):
    assert find("setlement")[0].words == ("settlement",)


@pytest.mark.parametrize("typed", ["zzzz", "rou33s of", "stlemnt"])
def test_two_wrong_letters_are_not(find, typed):
    assert find(typed) == []


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("settlement", "setlement", True),
        ("settlement", "settelment", True),
        ("router", "rooter", True),
        ("router", "ruotre", False),
        ("gate", "gateway", False),
        ("same", "same", True),
        ("x", "", True),
        ("abcd", "badc", False),
    ],
)
def test_one_edit_apart(one, other, near):
    assert matching.one_edit_apart(one, other) is near
    assert matching.one_edit_apart(other, one) is near


def test_error_words_of_a_text():
    text = "Since 14:02 ERR_CARD_DECLINED and HTTP502, then ORA-01555 on 502; EUR 12 by 2027"
    assert matching.error_words(text) == ["ERR_CARD_DECLINED", "HTTP502", "ORA-01555", "502"]


# --- from a piece of work ------------------------------------------------------------------------------------
@pytest.fixture
def about(house, by):
    def ask(**facts):
        everybody = directory.answers(list(directory.entries()))
        work = Work(reference="TKT-1", title="x", url="/", **facts)
        return finding.about(work, by(house.ana), among=everybody)

    return ask


def test_the_owner_of_the_component_on_the_next_tier_comes_first(about, house):
    operations.edit_team("service-desk", changes={"components": [house.gateway]}, by=house.admin)
    operations.create_team(name="Platform", tier=3, components=[house.gateway], by=house.admin)
    found = about(components=(house.gateway,), tier=1)
    assert [(answer.team.slug, answer.because) for answer in found] == [
        ("payments", "Owns Payment gateway"),
        ("platform", "Owns Payment gateway"),
        ("service-desk", "Owns Payment gateway"),
    ]


def test_then_the_kind_of_trouble_then_the_application_then_the_words(about, house):
    operations.edit_team("network", changes={"areas": ["network"]}, by=house.admin)
    operations.create_team(name="Mail", tier=2, scope="Mail relays", by=house.admin)
    found = about(applications=(house.shop,), areas=frozenset({"network"}), text="The relay refuses mail")
    assert [(answer.team.slug, answer.because) for answer in found] == [
        ("network", "Looks after network"),
        ("payments", "Knows Web shop"),
        ("mail", ""),
    ]
    assert found[2].words == ("relay", "mail")


def test_the_customers_account_manager_stands_last(about, house, acme):
    acme = Organisation.objects.select_related("account_manager__card").get()
    found = about(components=(house.gateway,), customers=(acme,))
    assert [answer.kind for answer in found] == ["team", "customer"]


def test_what_one_would_type_about_it(house):
    work = Work("TKT-1", "x", "/", components=(house.gateway,), text="Card fails with ERR_TIMEOUT")
    assert work.typed == "Payment gateway ERR_TIMEOUT"


# --- whom to dial --------------------------------------------------------------------------------------------
def test_nobody_on_call_dials_the_next_of_the_chain_at_once(house):
    operations.edit_rotation(house.rotation.pk, changes={"active": False}, by=house.admin)
    operations.edit_team("payments", changes={"phone": "+44 20 5550 0200"}, by=house.admin)
    answer = directory.who_is_on_call(house.payments)
    assert answer.person is None
    office = [{"weekdays": [0], "from": "09:00", "to": "10:00"}]
    operations.edit_rotation(
        house.rotation.pk, changes={"active": True, "restrictions": office}, by=house.admin
    )
    answer = directory.who_is_on_call(house.payments)
    assert answer.nobody
    assert (answer.dial.name, answer.dial.phone, answer.dial.role) == (
        "Ira Ivers",
        "+44 20 5550 0103",
        "team lead",
    )


def test_without_a_rotation_the_teams_number_is_dialled(house):
    dial = directory.who_is_on_call(house.network).dial
    assert (dial.name, dial.phone, dial.own) == ("Network", "+44 20 5550 0900", False)


def test_a_person_without_a_number_of_their_own_has_the_one_of_their_desk(house):
    User.objects.filter(pk=house.eli.pk).update(phone="")
    operations.edit_person("eli", changes={"work_phone": "+44 20 5550 0111"}, by=house.admin)
    dial = directory.who_is_on_call(house.payments).dial
    assert (dial.phone, dial.own) == ("+44 20 5550 0111", False)
