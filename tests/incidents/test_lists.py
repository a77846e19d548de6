"""Who is on the list of an incident, by which way, and what became of the last message to each."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from core.accounts import actors
from core.audit.models import Event
from core.common import clock
from core.outbox import bounces, endpoints, transports
from core.outbox.models import OutgoingMessage
from core.timers import sweeps
from customers import operations as customers
from customers.models import Contact, Subscription
from incidents import audience, operations, receipts
from incidents.models import Incident
from tests.incidents.conftest import at
from tests.receivers import receiver

pytestmark = pytest.mark.django_db
State = OutgoingMessage.State


def rows(incident: Incident, number: int) -> list[tuple[str, str]]:
    found = OutgoingMessage.objects.filter(topic="incident.update", about_version=number).order_by("id")
    return [(row.transport, row.to) for row in found]


def update(incident: Incident, ira: Any, by: Any) -> None:
    operations.send_update(incident.reference, what="News", affected="Shops.", by=by(ira))


# --- one message for each way -----------------------------------------------------------------------------
def test_one_person_on_several_lists_gets_one_message_by_each_way(
    declared, payments, acme, eli, ira, by, settings
):
    with receiver() as chat:
        settings.ALLOWED_TARGETS = frozenset({chat.name})
        for lists in ({"application": payments}, {"incident_id": declared.pk}):
            customers.subscribe(**lists, person=eli, by=by(eli))
            customers.subscribe(
                **lists, person=eli, transport="teams", url=chat.url, label="#ops", by=by(eli)
            )
        Subscription.objects.create(email="ELI@desk.example", application=payments)
        update(declared, ira, by)

        mine = [row for row in rows(declared, 2) if "firm.example" not in row[1]]
        assert mine == [("email", "eli@desk.example"), ("teams", "#ops (Microsoft Teams at 127.0.0.1)")]
        sweeps.run("outbox")

    card = chat.got[0].json["attachments"][0]["content"]
    assert (len(chat.got), card["type"]) == (1, "AdaptiveCard")
    assert card["body"][0]["inlines"][0]["text"] == f"[{declared.reference}] Update 2: Card payments fail"
    assert card["actions"][0]["url"].endswith(f"/incidents/{declared.reference}/")


@pytest.mark.parametrize("transport", ["slack", "webhook"])
def test_every_kind_of_chat_is_told(transport, declared, payments, eli, ira, by, settings):
    with receiver() as chat:
        settings.ALLOWED_TARGETS = frozenset({chat.name})
        customers.subscribe(application=payments, transport=transport, url=chat.url, person=eli, by=by(eli))
        update(declared, ira, by)
        sweeps.run("outbox")
    [got] = chat.got
    assert "News" in str(got.json)


def test_an_external_chat_gets_no_link_inside(declared, payments, eli, ira, by, settings):
    with receiver() as chat:
        settings.ALLOWED_TARGETS = frozenset({chat.name})
        customers.subscribe(
            application=payments, transport="slack", url=chat.url, person=eli, audience="external", by=by(eli)
        )
        update(declared, ira, by)
        sweeps.run("outbox")
    assert "/incidents/" not in str(chat.got[0].json)


def test_the_closest_list_says_for_whom_it_is_written(declared, payments, eli, by):
    Subscription.objects.create(user=eli, application=payments, audience="business")
    Subscription.objects.create(user=eli, incident_id=declared.pk, audience="technical")
    [mine] = [one for one in audience.recipients(declared) if one.address == "eli@desk.example"]
    assert (mine.audience, len(mine.subscriptions)) == ("technical", 2)


def test_a_customers_person_gets_no_link_whatever_the_list_says(declared, eli, casey):
    for person in (eli, casey):
        Subscription.objects.create(user=person, incident_id=declared.pk, audience="business")
    staff = {one.address: one.staff for one in audience.recipients(declared)}
    assert (staff["eli@desk.example"], staff["casey@desk.example"]) == (True, False)


def test_who_is_not_confirmed_is_told_nothing(declared, ira, by):
    operations.subscribe(declared.reference, email="new@outside.example", by=by(ira))
    update(declared, ira, by)
    assert "new@outside.example" not in dict(map(reversed, rows(declared, 2)))
    assert "once the address is confirmed" in declared.timeline.order_by("-id")[1].body


def test_who_left_gets_not_even_what_is_queued(declared, ira, by):
    update(declared, ira, by)
    Subscription.objects.filter(email="boss@firm.example").update(ended_at=clock.now())

    sweeps.run("outbox")

    note = OutgoingMessage.objects.get(to="boss@firm.example", about_version=2)
    assert (note.state, "no longer told" in note.note) == (State.DROPPED, True)


def test_a_chat_that_was_taken_off_gets_not_even_what_is_queued(declared, payments, eli, ira, by):
    made = customers.subscribe(
        application=payments, transport="slack", url="https://hooks.slack.example/x", person=eli, by=by(eli)
    )
    update(declared, ira, by)
    customers.end(made.subscription.pk, by=by(eli))

    sweeps.run("outbox")

    assert OutgoingMessage.objects.get(transport="slack").state == State.DROPPED


# --- taking off -------------------------------------------------------------------------------------------
def test_who_was_promised_an_update_gets_it_when_triage_names_an_application(
    stakeholders, payments, traveller, ira, by
):
    unclear = operations.declare(title="Tills are dead", by=by(ira))
    operations.edit(unclear.reference, changes={"applications": [payments]}, by=by(ira))
    update(unclear, ira, by)
    assert sorted(to for _, to in rows(unclear, 2)) == ["all@firm.example", *stakeholders]
    assert Subscription.objects.get(incident_id=unclear.pk).email == "all@firm.example"


@pytest.mark.parametrize("shown", [True, False])
def test_who_came_from_the_status_page_stays_only_while_it_is_shown_there(declared, payments, shown, ira, by):
    payments.__class__.objects.update(public=True)
    Subscription.objects.create(email="out@x.example", application=payments, source="status")
    tills = payments.__class__.objects.create(slug="tills", name="Tills", public=shown)
    operations.edit(declared.reference, changes={"applications": [tills]}, by=by(ira))
    addresses = [one.address for one in audience.told(declared)]
    assert ("out@x.example" in addresses) is shown
    assert "boss@firm.example" in addresses


def test_taken_off_it_shows_on_the_timeline(declared, ira, eli, by):
    operations.subscribe(declared.reference, person=eli, by=by(ira))
    operations.unsubscribe(declared.reference, email="Eli@desk.example", by=by(ira))
    sweeps.run_due()

    assert "eli@desk.example" not in [one.address for one in audience.recipients(declared)]
    assert declared.timeline.filter(body="eli@desk.example gets no more updates").count() == 1


def test_follow_and_unfollow_on_the_page(declared, kim, client):
    client.force_login(kim)
    page = f"/incidents/{declared.reference}/"
    assert "Tell me" in client.get(page).content.decode()
    client.post(f"{page}follow/")
    assert "Stop telling me" in client.get(page).content.decode()
    client.post(f"{page}unfollow/")
    assert not Subscription.objects.running().filter(user=kim).exists()
    assert client.post(f"{page}unfollow/").status_code == 400  # says so, and nothing happens


# --- what became of it ------------------------------------------------------------------------------------
def test_the_list_shows_what_needs_somebody_first(declared, ira, by, monkeypatch, traveller):
    def send(message):
        if message.to == "boss@firm.example":
            raise transports.Refused("550 5.1.1 no such user", for_the_address=True)

    monkeypatch.setitem(transports._TRANSPORTS, "email", send)
    Subscription.objects.create(email="new@x.example", incident_id=declared.pk, unconfirmed_since=clock.now())
    sweeps.run("outbox")
    sweeps.run("audit.delivery")

    found = {one.to: (one.state, one.via) for one in receipts.receipts(declared)}

    assert found == {
        "boss@firm.example": ("undeliverable", ["Payments"]),
        "new@x.example": ("unconfirmed", [declared.reference]),
        "shop@firm.example": ("sent", ["Payments"]),
    }
    assert next(iter(found)) == "boss@firm.example"
    assert receipts.counts(declared) == {"waiting": 0, "failed": 1}
    assert declared.timeline.filter(body="boss@firm.example takes no mail: 550 5.1.1 no such user").exists()


def test_a_server_that_does_not_answer_makes_the_list_wait_not_fail(
    declared, monkeypatch, ira, client, traveller
):
    def down(message):
        raise ConnectionRefusedError("nobody there")

    for number in range(8):
        Subscription.objects.create(email=f"{number}@firm.example", application=declared.applications.get())
    operations.send_update(declared.reference, what="News", affected="Shops.", by=_actor(ira))
    monkeypatch.setitem(transports._TRANSPORTS, "email", down)
    sweeps.run("outbox")

    declared.refresh_from_db()
    found = receipts.receipts(declared)

    assert {one.state for one in found} == {"waiting"}
    assert "has not taken anything since 10:02 UTC" in found[0].note
    client.force_login(ira)
    shown = client.get(f"/incidents/{declared.reference}/recipients/").content.decode()
    assert "waiting" in shown and "has not taken anything" in shown and "failed" not in shown
    assert "10 waiting" in client.get(f"/incidents/{declared.reference}/delivery/").content.decode()


def test_the_list_costs_the_same_for_ten_and_for_two_hundred(
    declared, ira, client, django_assert_max_num_queries
):
    client.force_login(ira)
    payments = declared.applications.get()

    def fill(start: int, end: int) -> None:
        Subscription.objects.bulk_create(
            Subscription(email=f"{number}@firm.example", application=payments) for number in range(start, end)
        )
        operations.send_update(declared.reference, what="News", affected="Shops.", by=_actor(ira))

    for start, end in ((0, 10), (10, 200)):
        fill(start, end)
        with django_assert_max_num_queries(22):
            assert client.get(f"/incidents/{declared.reference}/recipients/").status_code == 200


def test_add_remove_and_try_again_on_the_page(declared, ira, client, acme):
    client.force_login(ira)
    page = f"/incidents/{declared.reference}/recipients/"
    Contact.objects.create(organisation=acme, name="Gil", email="gil@acme.example")
    client.post(page, {"email": "gil@acme.example", "audience": "external"})
    one = Subscription.objects.get(email="gil@acme.example")
    assert (one.incident_id, one.audience) == (declared.pk, "external")
    bounces.mark("gil@acme.example", "550 full")
    assert "Try again" in client.get(page).content.decode()
    client.post(f"{page}{one.pk}/try_again/")
    assert not bounces.dead(["gil@acme.example"])
    client.post(f"{page}{one.pk}/remove/")
    one.refresh_from_db()
    assert one.ended_at is not None
    wrong = client.post(page, {"email": "no address", "audience": "external"})
    assert wrong.status_code == 422 and "no address" in wrong.content.decode()


def test_the_api_tells_the_same(declared, ira, client):
    client.force_login(ira)
    url = f"/api/v1/incidents/{declared.reference}/"
    answered = client.post(f"{url}subscribe/", {"person": "ira"}, content_type="application/json")
    assert answered.status_code == 200
    found = client.get(f"{url}recipients/").json()
    assert {one["to"] for one in found} == {"boss@firm.example", "shop@firm.example", "ira@desk.example"}
    gone = client.post(f"{url}unsubscribe/", {"person": "ira"}, content_type="application/json")
    assert gone.status_code == 200
    assert len(client.get(f"{url}recipients/").json()) == 2
    assert (
        client.post(f"{url}unsubscribe/", {"person": "ira"}, content_type="application/json").status_code
        == 400
    )


def test_a_program_is_put_on_the_list_and_its_secret_shown_once(declared, ira, kim, client, settings):
    place = f"/api/v1/incidents/{declared.reference}/"

    def post(verb, body):
        return client.post(f"{place}{verb}/", body, content_type="application/json")

    client.force_login(kim)
    assert post("add_webhook", {"url": "https://hooks.example/updates"}).status_code == 403
    client.force_login(ira)
    for unsafe in (
        "http://127.0.0.1/x",
        "https://10.0.0.1/",
        "https://[::1]/x",
        "file:///etc/passwd",
        "no address",
    ):
        assert post("add_webhook", {"url": unsafe}).status_code == 400
    assert not Subscription.objects.filter(incident_id=declared.pk).exists()

    made = post("add_webhook", {"url": "https://93.184.216.34/updates", "label": "Pager"})
    assert made.status_code == 201 and made.json()["secret"].startswith("whsec_")
    assert made.json()["audience"] == "technical" and "updates" not in made.json()["to"]
    again = post("add_webhook", {"url": "https://93.184.216.34/updates"})
    assert (again.json()["id"], again.json()["secret"]) == (made.json()["id"], "")
    row = next(one for one in client.get(f"{place}recipients/").json() if one["channel"] == "webhook")
    assert made.json()["secret"] not in str(row) and row["subscriptions"] == [made.json()["id"]]

    assert post("unsubscribe", {"subscription": made.json()["id"]}).status_code == 200
    assert not any(one["channel"] == "webhook" for one in client.get(f"{place}recipients/").json())


# --- when nothing goes out --------------------------------------------------------------------------------
def test_an_update_that_waits_pages_the_commander_once(declared, ira, by, monkeypatch, traveller, settings):
    settings.UNDELIVERED_MINUTES = 2
    operations.take_role(declared.reference, role="commander", by=by(ira))
    up: list[bool] = []

    def server(message):
        if message.lane != "page" and not up:
            raise ConnectionRefusedError("nobody there")

    monkeypatch.setitem(transports._TRANSPORTS, "email", server)
    for clock_time in ("10:02", "10:03"):
        traveller.move_to(at(clock_time))
        sweeps.run_due()
    assert told(ira) == []

    traveller.move_to(at("10:04"))
    for _ in range(3):
        sweeps.run_due()
    assert len(told(ira)) == 1
    assert "does not go out" in told(ira)[0]
    assert declared.timeline.filter(body__contains="waits for 2 of 2").count() == 1

    traveller.move_to(at("10:17"))  # the next update, and nothing has gone out since
    sweeps.run_due()
    traveller.move_to(at("10:20"))
    sweeps.run_due()
    assert len(told(ira)) == 1

    up.append(True)
    traveller.move_to(at("10:32"))
    for _ in range(3):
        sweeps.run_due()
        traveller.shift(timedelta(seconds=61))
    assert Incident.objects.get().undelivered_since is None
    up.clear()
    traveller.move_to(at("10:47"))
    sweeps.run_due()
    traveller.move_to(at("10:50"))
    sweeps.run_due()
    assert len(told(ira)) == 2  # another outage is other news
    assert Event.objects.filter(name="incident.undelivered").count() == 2


def test_what_arrived_pages_nobody(declared, ira, traveller):
    sweeps.run_due()
    traveller.move_to(at("10:06"))
    sweeps.run_due()
    assert told(ira) == []
    assert not declared.updates.exclude(check_at=None).exists()


def test_one_address_that_fails_is_no_outage(declared, ira, traveller, monkeypatch):
    def send(message):
        if message.to == "boss@firm.example":
            raise transports.Refused("550 no")

    monkeypatch.setitem(transports._TRANSPORTS, "email", send)
    sweeps.run_due()
    traveller.move_to(at("10:06"))
    sweeps.run_due()
    assert told(ira) == []


def told(person: Any) -> list[str]:
    found = OutgoingMessage.objects.filter(topic="incident.undelivered", to=person.email)
    return list(found.values_list("subject", flat=True))


def _actor(user: Any) -> Any:
    return actors.for_user(user)


def test_endpoints_of_before_have_no_fingerprint_and_still_work(declared, payments, ira, by):
    made, _ = endpoints.add("slack", "https://hooks.slack.example/x")
    type(made).objects.update(fingerprint="")
    Subscription.objects.create(endpoint=made, application=payments)
    update(declared, ira, by)
    message = OutgoingMessage.objects.get(transport="slack")
    assert audience.key_of_message(message) in audience.keys_told(declared)
