"""What the other tests do not walk through: audience, links, who may, races, the trail."""

import threading

import pytest
from django.db import IntegrityError, connection, transaction

from core.audit import trail, words
from core.common.errors import Conflict, NotAllowed, NotFound, RuleBroken
from core.outbox.models import OutgoingMessage
from core.search.queries import find
from core.timers import sweeps
from customers.models import Subscription
from incidents import audience, operations, queries
from incidents.models import Incident, Update
from tests.incidents.conftest import at, finish
from worklog.models import Link

pytestmark = [pytest.mark.django_db, pytest.mark.everywhere]


def told(incident):
    return [recipient.address for recipient in audience.recipients(incident)]


# --- who is told ------------------------------------------------------------------------------------------
def test_without_an_application_the_default_list_is_told(ira, by, stakeholders):
    assert told(operations.declare(title="Something", by=by(ira))) == ["all@firm.example"]


def test_a_component_brings_its_application(ira, by, gateway, stakeholders):
    incident = operations.declare(title="Gateway", components=[gateway], by=by(ira))

    assert [application.slug for application in incident.applications.all()] == ["payments"]
    assert told(incident) == stakeholders


def test_an_organisation_that_is_not_hit_is_not_told(ira, by, payments, acme):
    other = acme.__class__.objects.create(slug="bolt", name="Bolt")
    for organisation in (acme, other):
        Subscription.objects.create(
            email=f"{organisation.slug}@x.example", application=payments, organisation=organisation
        )

    hit = operations.declare(title="Cards", applications=[payments], organisations=[acme], by=by(ira))
    unknown = operations.declare(title="Cards", applications=[payments], by=by(ira))

    assert told(hit) == ["acme@x.example"]
    assert told(unknown) == ["acme@x.example", "bolt@x.example"]


def test_an_address_is_told_once_however_often_it_subscribed(declared, ira, by):
    for _ in range(2):
        operations.subscribe(declared.reference, email="BOSS@firm.example", by=by(ira))

    assert [address.lower() for address in told(declared)].count("boss@firm.example") == 1


def test_an_update_for_one_audience_leaves_the_promise_to_the_others_open(declared, traveller, ira, by):
    Subscription.objects.create(email="tech@firm.example", incident_id=declared.pk, audience="technical")
    traveller.move_to(at("10:05"))

    update = operations.send_update(
        declared.reference, what="Node 3", affected="Shops.", audience="technical", by=by(ira)
    )

    assert update.recipients == 1
    declared.refresh_from_db()
    assert declared.next_update_due_at == at("10:17")


def test_only_staff_get_the_link(declared, eli, ira, by):
    operations.subscribe(declared.reference, person=eli, by=by(ira))
    operations.send_update(declared.reference, what="News", affected="Shops.", by=by(ira))

    texts = dict(OutgoingMessage.objects.filter(about_version=2).values_list("to", "text"))

    assert f"/incidents/{declared.reference}/" in texts["eli@desk.example"]
    assert "/incidents/" not in texts["boss@firm.example"]


# --- who may ----------------------------------------------------------------------------------------------
def test_an_account_manager_reads_but_does_not_run(declared, kim, by):
    assert queries.get_for(declared.reference, by=by(kim)) == declared
    for refused in (
        lambda: operations.send_update(declared.reference, what="x", affected="Shops.", by=by(kim)),
        lambda: operations.declare(title="x", by=by(kim)),
    ):
        with pytest.raises(NotAllowed):
            refused()


def test_a_customer_finds_nothing_through_any_door(declared, casey, ira, by):
    with pytest.raises(NotFound):
        queries.get_for(declared.reference, by=by(casey))
    assert not Incident.objects.visible_to(by(casey)).exists()
    assert find("payments", by(casey)) == []
    assert [doc.reference for doc in find("payments", by(ira))] == [declared.reference]
    assert not queries.live(by(casey)).exists()


def test_a_role_is_for_staff(declared, casey, ira, by):
    with pytest.raises(RuleBroken, match="does not work on this desk"):
        operations.assign_roles(declared.reference, commander=casey, by=by(ira))


# --- what the database refuses ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    "wrong", [{"next_update_due_at": at("11:00")}, {"severity": ""}, {"restored_at": None}]
)
def test_a_restored_incident_owes_nothing_and_is_assessed(wrong, declared, ira, by):
    operations.declare_restored(declared.reference, body="Works", severity="SEV2", by=by(ira))

    with pytest.raises(IntegrityError), transaction.atomic():
        Incident.objects.filter(pk=declared.pk).update(**wrong)


def test_a_number_is_given_once(declared):
    first = declared.updates.get()
    first.pk = None

    with pytest.raises(IntegrityError), transaction.atomic():
        first.save(force_insert=True)


def test_nothing_was_restored_in_the_future_or_before_it_began(declared, ira, by):
    for moment in ("10:03", "10:01"):
        with pytest.raises(RuleBroken, match="cannot have been restored"):
            operations.declare_restored(
                declared.reference, body="Works", severity="SEV1", restored_at=at(moment), by=by(ira)
            )


# --- links and trail --------------------------------------------------------------------------------------
def test_a_link_shows_on_the_timeline_once_it_was_delivered(declared, ira, by):
    other = operations.declare(title="Ledger", by=by(ira))

    operations.link_work(declared.reference, to=other.reference, by=by(ira))
    sweeps.run_due()

    assert Link.objects.count() == 1
    assert declared.timeline.filter(body=f"{other.reference} linked", author_label="Ira Ivers").count() == 1


def test_every_event_has_its_sentence(declared, ira, eli, by):
    ref, me = declared.reference, by(ira)
    operations.acknowledge(ref, by=me)
    operations.set_status(ref, status="identified", note="Node 3", by=me)
    operations.assign_roles(ref, commander=eli, by=me)
    operations.add_entry(ref, body="Drained", by=me)
    operations.set_cadence(ref, minutes=30, reason="Slow", by=me)
    operations.subscribe(ref, email="x@y.example", by=me)
    operations.edit(ref, changes={"severity": "SEV1"}, by=me)
    operations.send_update(ref, what="News", affected="Shops.", by=me)
    operations.declare_restored(ref, body="Works", by=me)
    operations.reopen(ref, reason="Again", by=me)
    operations.declare_restored(ref, body="Works", by=me)
    finish(ref, me)
    operations.close(ref, by=me)

    for event in trail.history("incident", declared.pk):
        assert words.known(event.name), event.name
        assert words.sentence(event) != event.name


# --- races ------------------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_of_many_who_restore_at_once_one_does(ira, by, stakeholders, payments):
    incident = operations.declare(title="Cards", applications=[payments], severity="SEV1", by=by(ira))
    outcomes = []

    def restore():
        try:
            operations.declare_restored(incident.reference, body="Works", by=by(ira))
            outcomes.append("done")
        except Conflict as refused:
            outcomes.append(refused.sentence)
        finally:
            connection.close()

    threads = [threading.Thread(target=restore) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert outcomes.count("done") == 1
    assert len({sentence for sentence in outcomes if sentence != "done"}) == 1
    assert Update.objects.filter(kind=Update.Kind.RESTORED).count() == 1
    assert OutgoingMessage.objects.filter(about_version=2).count() == len(stakeholders)
