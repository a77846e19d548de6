"""One update, a wording for each audience: who reads which, what readers outside never read, what is carried on."""

import pytest

from catalogue.models import Component
from catalogue.queries import InsideName
from core.common import clock
from core.common.errors import Invalid, RuleBroken
from core.outbox.models import OutgoingMessage
from customers.models import Subscription
from incidents import operations, outside
from portal import status
from tests.incidents.conftest import at

pytestmark = [pytest.mark.django_db, pytest.mark.everywhere]

BUSINESS = {"what": "Cards fail.", "affected": "Shops in Ireland."}
TECHNICAL = {"what": "Node 3 serves an old certificate."}
EXTERNAL = {"what": "Some card payments fail.", "affected": "Card payments in Ireland."}


@pytest.fixture
def readers(declared):
    """One of each audience on the incident's own list."""
    for audience in ("technical", "external"):
        Subscription.objects.create(
            email=f"{audience}@firm.example", incident_id=declared.pk, audience=audience
        )
    return declared


@pytest.fixture
def node(payments):
    return Component.objects.create(application=payments, slug="pg-node-3", name="PG node 3")


def texts(number):
    return dict(OutgoingMessage.objects.filter(about_version=number).values_list("to", "text"))


# --- who reads which --------------------------------------------------------------------------------------
def test_each_reader_gets_one_text_that_of_their_audience(readers, ira, by):
    operations.send_update(
        readers.reference, **BUSINESS, wordings={"technical": TECHNICAL, "external": EXTERNAL}, by=by(ira)
    )

    told = texts(2)
    assert sorted(told) == [
        "boss@firm.example", "external@firm.example", "shop@firm.example", "technical@firm.example",
    ]  # fmt: skip
    assert "Cards fail." in told["boss@firm.example"]
    assert (
        "Node 3 serves" in told["technical@firm.example"]
        and "Cards fail." not in told["technical@firm.example"]
    )
    assert "Some card payments fail." in told["external@firm.example"]
    assert "Node 3" not in told["external@firm.example"] + told["boss@firm.example"]
    # who is affected is the same for everybody unless a wording says otherwise
    assert "Shops in Ireland." in told["technical@firm.example"]
    assert "Card payments in Ireland." in told["external@firm.example"]


def test_without_a_wording_of_their_own_they_get_the_business_one(readers, ira, by):
    update = operations.send_update(
        readers.reference, **BUSINESS, wordings={"technical": {"what": " "}, "external": {}}, by=by(ira)
    )

    assert update.wordings == {}
    assert all("Cards fail." in text for text in texts(2).values())


def test_one_update_is_one_number_and_one_due_moment(readers, traveller, ira, by):
    traveller.move_to(at("10:10"))
    operations.send_update(readers.reference, **BUSINESS, wordings={"external": EXTERNAL}, by=by(ira))

    readers.refresh_from_db()
    assert (readers.update_count, readers.next_update_due_at) == (2, at("10:25"))
    assert readers.updates.count() == 2


def test_a_reader_on_two_lists_gets_the_wording_of_the_closer_one(readers, payments, ira, by):
    Subscription.objects.create(email="boss@firm.example", incident_id=readers.pk, audience="technical")
    operations.send_update(readers.reference, **BUSINESS, wordings={"technical": TECHNICAL}, by=by(ira))

    assert "Node 3 serves" in texts(2)["boss@firm.example"]


def test_a_wording_says_what_happens(readers, ira, by):
    with pytest.raises(Invalid) as refused:
        operations.send_update(
            readers.reference, **BUSINESS, wordings={"technical": {"doing": "Looking"}}, by=by(ira)
        )
    assert list(refused.value.errors) == ["wordings.technical.what"]


def test_the_holding_update_and_no_change_carry_each_wording_on(readers, run_until, ira, by):
    operations.send_update(
        readers.reference, **BUSINESS, wordings={"technical": TECHNICAL, "external": EXTERNAL}, by=by(ira)
    )
    run_until("10:17", "10:17")
    held = texts(3)
    assert "Node 3 serves" in held["technical@firm.example"] and "Node 3" not in held["external@firm.example"]
    assert "Some card payments fail." in held["external@firm.example"]

    operations.no_change(readers.reference, by=by(ira))
    same = texts(4)
    assert "Card payments in Ireland." in same["external@firm.example"]
    assert all("No change" in text for text in same.values())


def test_the_status_page_shows_the_wording_for_outside(readers, payments, ira, by):
    payments.__class__.objects.update(public=True)
    operations.send_update(readers.reference, **BUSINESS, wordings={"external": EXTERNAL}, by=by(ira))

    for internal in (True, False):
        told = status.board(clock.now(), internal=internal).notices[0].told[0]
        assert "Some card payments fail." in told.text and "Cards fail." not in told.text


# --- what readers outside never read ----------------------------------------------------------------------
def test_an_internal_name_is_refused_with_the_name_and_what_to_write_instead(readers, node, ira, by):
    Component.objects.filter(pk=node.pk).update(public_name="payment gateway")
    with pytest.raises(Invalid) as refused:
        operations.send_update(
            readers.reference, **BUSINESS, wordings={"external": {"what": "pg-node-3 fails"}}, by=by(ira)
        )
    (sentence,) = refused.value.errors["wordings.external.what"]
    assert "“pg-node-3”" in sentence and "“payment gateway”" in sentence
    assert readers.updates.count() == 1


def test_the_business_wording_is_checked_where_it_is_read_outside_for_want_of_another(readers, node, ira, by):
    named = {**BUSINESS, "what": "PG node 3 fails"}
    with pytest.raises(Invalid, match="wording of their own"):
        operations.send_update(readers.reference, **named, by=by(ira))
    operations.send_update(readers.reference, **named, wordings={"external": EXTERNAL}, by=by(ira))

    assert (
        "PG node 3" in texts(2)["boss@firm.example"] and "PG node 3" not in texts(2)["external@firm.example"]
    )


def test_who_is_affected_is_checked_when_it_is_carried_over(readers, node, ira, by):
    with pytest.raises(Invalid) as refused:
        operations.send_update(
            readers.reference, what="Cards fail.", affected="All behind PG node 3",
            wordings={"external": {"what": "Cards fail."}}, by=by(ira),
        )  # fmt: skip
    assert list(refused.value.errors) == ["affected"]


def test_nobody_outside_nothing_is_refused(declared, node, ira, by):
    assert operations.send_update(declared.reference, what="PG node 3 fails", affected="Shops", by=by(ira))


def test_the_public_status_page_is_outside_too(declared, node, payments, ira, by):
    payments.__class__.objects.update(public=True)
    with pytest.raises(Invalid, match="PG node 3"):
        operations.send_update(declared.reference, what="PG node 3 fails", affected="Shops", by=by(ira))


def test_what_the_desk_writes_by_itself_names_no_component_outside(payments, node, ira, by):
    Subscription.objects.create(email="out@x.example", application=payments, audience="external")
    Subscription.objects.create(email="in@x.example", application=payments)
    incident = operations.declare(
        title="PG node 3 is down", applications=[payments], severity="SEV2", by=by(ira)
    )
    operations.declare_restored(incident.reference, body="PG-Node-3 was restarted.", by=by(ira))

    sent = OutgoingMessage.objects.filter(topic="incident.update")
    assert sent.filter(to="out@x.example").count() == 2
    for message in sent.filter(to="out@x.example"):
        assert "node" not in (message.subject + message.text).lower()
        assert "one of its parts" in message.text
    assert "PG node 3" in sent.filter(to="in@x.example").first().subject


@pytest.mark.parametrize("public", [r"Pay\Cards", r"Pay\1", r"\g<0>"])
def test_a_public_name_is_text_and_never_keeps_the_desk_from_speaking(
    payments, stakeholders, ira, by, traveller, run_until, public
):
    Component.objects.create(application=payments, slug="pg-3", name="pg-3", public_name=public)
    Subscription.objects.create(email="out@x.example", application=payments, audience="external")
    incident = operations.declare(title="pg-3 is down", applications=[payments], by=by(ira))
    run_until("10:17", "10:18")
    assert list(incident.updates.order_by("number").values_list("kind", flat=True)) == [
        "acknowledgement",
        "holding",
    ]
    sent = OutgoingMessage.objects.filter(topic="incident.update", to="out@x.example")
    assert [public in message.subject for message in sent] == [True, True]


def test_a_name_for_outside_is_not_masked_again():
    names = [InsideName("pg-node-73", "Card Gateway"), InsideName("Gateway", "")]
    assert outside.masked("pg-node-73 is down", names) == "Card Gateway is down"
    assert outside.masked("PG-NODE-73, Gateway, gateway", names) == "Card Gateway, one of its parts, gateway"


@pytest.mark.parametrize(
    "text, found",
    [
        ("Gateway fails", [("Gateway", "")]),
        ("The gateway fails", []),  # a plain word is a name only as the catalogue writes it
        ("GATEWAY-EU fails", [("GATEWAY-EU", "payments")]),  # and the longer name is not named twice
        ("gateway-europe", []),
        ("subgateway-eu", []),
        ("", []),
    ],
)
def test_names_are_found_as_whole_words(text, found):
    assert outside.named(text, [InsideName("gateway-eu", "payments"), InsideName("Gateway", "")]) == found


def test_a_mapped_name_that_is_the_same_is_public(readers, node, ira, by):
    Component.objects.filter(pk=node.pk).update(public_name="PG node 3")
    assert operations.send_update(readers.reference, what="PG node 3 fails", affected="Shops", by=by(ira))


# --- the impact and the next time -------------------------------------------------------------------------
def test_an_update_says_who_is_affected(declared, ira, by):
    with pytest.raises(Invalid, match="Say who is affected"):
        operations.send_update(declared.reference, what="Cards fail.", by=by(ira))
    assert declared.updates.count() == 1


def test_a_body_alone_carries_on_what_is_known_and_is_refused_while_nothing_is(declared, ira, by):
    with pytest.raises(Invalid) as refused:
        operations.send_update(declared.reference, body="Cards fail.", by=by(ira))
    assert list(refused.value.errors) == ["affected"]

    operations.send_update(
        declared.reference, body="Cards fail.", affected="Shops", workaround="Cash", by=by(ira)
    )
    update = operations.send_update(declared.reference, body="Half of them work.", by=by(ira))
    assert (update.what, update.affected, update.workaround) == ("Half of them work.", "Shops", "Cash")


def test_no_change_is_valid_before_anybody_has_said_who_is_affected(declared, ira, by):
    assert operations.no_change(declared.reference, by=by(ira)).number == 2


def test_the_next_time_can_be_sooner_and_holds_then(declared, run_until, traveller, ira, by):
    traveller.move_to(at("10:10"))
    update = operations.send_update(declared.reference, **BUSINESS, next_update_at=at("10:15"), by=by(ira))

    assert update.next_due_at == at("10:15")
    assert "Next update 10:15 UTC." in texts(2)["boss@firm.example"]
    run_until("10:15", "10:15")
    assert [one.kind for one in declared.updates.order_by("number")][-1] == "holding"


def test_later_than_the_rhythm_needs_a_reason_that_is_kept(declared, ira, by):
    with pytest.raises(RuleBroken, match="Say why it comes later"):
        operations.send_update(declared.reference, **BUSINESS, next_update_at=at("10:40"), by=by(ira))
    operations.send_update(
        declared.reference,
        **BUSINESS,
        next_update_at=at("10:40"),
        next_reason="The vendor calls at 10:30",
        by=by(ira),
    )

    declared.refresh_from_db()
    assert declared.next_update_due_at == at("10:40")
    assert declared.timeline.filter(body__contains="The vendor calls at 10:30").exists()


@pytest.mark.parametrize(
    "asked", [{"next_update_at": at("10:02")}, {"next_update_at": at("09:00")}, {"on_news": True}]
)
def test_a_time_that_cannot_be_promised_is_refused(declared, ira, by, asked):
    with pytest.raises(RuleBroken):
        operations.send_update(declared.reference, **BUSINESS, **asked, by=by(ira))


def test_on_demand_the_next_time_is_given_or_the_words(declared, ira, by):
    operations.set_cadence(declared.reference, minutes=None, reason="Slow", by=by(ira))
    with pytest.raises(RuleBroken, match="Say when the next update comes"):
        operations.send_update(declared.reference, **BUSINESS, by=by(ira))

    assert (
        operations.send_update(declared.reference, **BUSINESS, on_news=True, by=by(ira)).next_due_at is None
    )
    assert operations.send_update(
        declared.reference, **BUSINESS, next_update_at=at("11:00"), by=by(ira)
    ).next_due_at == at("11:00")
    assert operations.send_update(declared.reference, body="Same.", by=by(ira)).next_due_at is None
