"""Two incidents that are one, and back."""

from __future__ import annotations

import pytest

from catalogue.models import Application
from core.common.errors import Conflict, RuleBroken
from core.outbox.models import OutgoingMessage
from core.timers import sweeps
from customers.models import Contact, Organisation, Subscription
from incidents import audience, operations, queries
from incidents.models import Incident, Merge
from tests.incidents.conftest import at, mails
from tickets import operations as tickets

pytestmark = [pytest.mark.django_db, pytest.mark.everywhere]


@pytest.fixture(autouse=True)
def _own_house(settings) -> None:
    settings.OWN_DOMAINS = frozenset({"firm.example"})  # nobody there has to confirm first


@pytest.fixture
def other(declared, traveller, ira, by, eu_west) -> Incident:
    """Five minutes later somebody declared the same again, without an application, and put a guest on its list."""
    traveller.move_to(at("10:07"))
    made = operations.declare(title="Tills are dead", regions=[eu_west], by=by(ira))
    operations.subscribe(made.reference, email="guest@firm.example", by=by(ira))
    return made


def told(incident):
    incident = Incident.objects.get(pk=incident.pk)
    return sorted(recipient.address for recipient in audience.recipients(incident))


def lines(incident, actor):
    return [entry.body for entry in queries.timeline(incident.reference, by=actor)]


def test_one_goes_into_the_other_with_all_that_is_its_own(declared, other, traveller, ira, ana, by, acme):
    asker = Contact.objects.create(organisation=acme, name="Casey", email="casey@acme.example")
    ticket = tickets.create(subject="Till 3", requester=asker, by=by(ana))
    operations.link_work(other.reference, to=ticket.reference, by=by(ana))
    operations.add_entry(other.reference, body="Till 3 first", by=by(ana))
    traveller.move_to(at("10:08"))

    survivor = operations.merge(other.reference, into=declared.reference, by=by(ira))

    other.refresh_from_db()
    assert survivor == declared
    assert (other.status, other.merged_into, other.next_update_due_at, other.next_reminder_due_at) == (
        "closed", declared, None, None,
    )  # fmt: skip
    assert told(declared) == [
        "all@firm.example", "boss@firm.example", "guest@firm.example", "shop@firm.example",
    ]  # fmt: skip
    assert [region.slug for region in survivor.regions.all()] == ["eu-west"]
    assert queries.linked_ids(declared, "ticket") == {ticket.pk}
    assert "Till 3 first" in lines(declared, by(ira)) and "Till 3 first" in lines(other, by(ira))
    sweeps.run_due()
    operations.declare_restored(declared.reference, body="Works.", severity="SEV2", by=by(ira))
    sweeps.run_due()
    assert ticket.entries.filter(kind="public_reply").count() == 1


def test_its_stakeholders_read_once_where_updates_go_on(declared, other, ira, by, run_until):
    operations.merge(other.reference, into=declared.reference, by=by(ira))
    run_until("10:08", "10:40")

    last = OutgoingMessage.objects.filter(about_kind="incident", about_id=other.pk, about_version=2)
    assert sorted(last.values_list("to", "state")) == [
        ("all@firm.example", "sent"), ("guest@firm.example", "sent"),
    ]  # fmt: skip
    text = last.first().text
    assert f"Updates go on as {declared.reference}." in text and "10:17 UTC" in text
    assert other.updates.count() == 2  # the schedule has ended


def test_a_merge_is_undone_with_exactly_what_went_along(declared, other, traveller, ira, by):
    operations.merge(other.reference, into=declared.reference, by=by(ira))
    operations.subscribe(declared.reference, email="later@firm.example", by=by(ira))
    traveller.move_to(at("10:12"))

    back = operations.undo_merge(other.reference, by=by(ira))

    assert (back.status, back.merged_into, back.closed_at, back.next_update_due_at) == (
        "declared", None, None, at("10:27"),
    )  # fmt: skip
    assert told(other) == ["all@firm.example", "guest@firm.example"]
    assert told(declared) == ["boss@firm.example", "later@firm.example", "shop@firm.example"]
    assert not declared.regions.exists()
    assert other.updates.latest("number").kind == "correction"
    assert mails()[-1] == ("10:12", "guest@firm.example")
    assert Merge.objects.get().undone_at == at("10:12")
    with pytest.raises(Conflict, match="not merged"):
        operations.undo_merge(other.reference, by=by(ira))


def test_who_stands_on_no_list_of_the_survivor_is_told_there_all_the_same(declared, other, ira, by):
    operations.merge(other.reference, into=declared.reference, by=by(ira))
    operations.declare_restored(declared.reference, body="Works.", severity="SEV2", by=by(ira))
    assert "Works." in OutgoingMessage.objects.filter(to="all@firm.example").latest("id").text


def test_who_is_told_of_a_wider_one_hears_how_the_narrower_one_ends(declared, payments, acme, ira, by):
    bolt = Organisation.objects.create(slug="bolt", name="Bolt")
    Subscription.objects.create(
        email="it@acme.example", application=payments, organisation=acme, audience="external"
    )
    narrow = operations.declare(title="Bolt", applications=[payments], organisations=[bolt], by=by(ira))
    assert "it@acme.example" in told(declared) and "it@acme.example" not in told(narrow)

    operations.merge(declared.reference, into=narrow.reference, by=by(ira))
    kept = Subscription.objects.get(email="it@acme.example", incident_id=narrow.pk)
    assert kept.audience == "external"
    operations.undo_merge(declared.reference, by=by(ira))
    assert "it@acme.example" not in told(narrow)
    assert "it@acme.example" in told(declared)


def test_undone_below_a_chain_the_survivor_keeps_what_was_its_own(declared, payments, ira, by):
    first = operations.declare(title="Tills", applications=[payments], by=by(ira))
    second = operations.declare(title="Shops", by=by(ira))
    operations.merge(first.reference, into=second.reference, by=by(ira))
    operations.merge(second.reference, into=declared.reference, by=by(ira))

    operations.undo_merge(first.reference, by=by(ira))
    assert told(declared) == ["all@firm.example", "boss@firm.example", "shop@firm.example"]


def test_of_two_that_brought_the_same_the_survivor_keeps_it_until_both_are_undone(
    declared, payments, ira, by
):
    survivor = operations.declare(title="Shops", by=by(ira))
    pair = [operations.declare(title=name, applications=[payments], by=by(ira)) for name in ("A", "B")]
    for one in pair:
        operations.subscribe(one.reference, email="guest@firm.example", by=by(ira))
        operations.merge(one.reference, into=survivor.reference, by=by(ira))
    everybody = ["boss@firm.example", "guest@firm.example", "shop@firm.example"]
    assert told(survivor) == ["all@firm.example", *everybody]

    operations.undo_merge(pair[0].reference, by=by(ira))
    assert told(survivor) == ["all@firm.example", *everybody]
    assert told(pair[0]) == everybody

    operations.undo_merge(pair[1].reference, by=by(ira))
    assert told(pair[1]) == everybody
    assert told(survivor) == ["all@firm.example"]


def test_through_a_chain_the_last_one_survives(declared, other, ira, by):
    third = operations.declare(title="Cards again", by=by(ira))
    operations.merge(third.reference, into=other.reference, by=by(ira))
    operations.merge(other.reference, into=declared.reference, by=by(ira))

    third.refresh_from_db()
    assert third.merged_into == declared
    assert "Declared: Cards again" in lines(declared, by(ira))

    operations.undo_merge(other.reference, by=by(ira))
    third.refresh_from_db()
    assert third.merged_into == other


def test_what_cannot_be_merged_says_why(declared, other, ira, by):
    me = by(ira)
    drill = operations.declare(title="Practice", drill=True, by=me)
    with pytest.raises(RuleBroken, match="into itself"):
        operations.merge(other.reference, into=other.reference, by=me)
    with pytest.raises(RuleBroken, match="is an exercise"):
        operations.merge(drill.reference, into=declared.reference, by=me)
    operations.declare_restored(declared.reference, body="Works.", severity="SEV2", by=me)
    with pytest.raises(Conflict, match="is restored"):
        operations.merge(other.reference, into=declared.reference, by=me)


def test_the_pages_of_both_say_it_and_undo_it(client, declared, other, ira):
    client.force_login(ira)
    asked = client.get(f"/incidents/{other.reference}/?open=merge").content.decode()
    assert '<dialog id="merge" aria-labelledby="merge-t" open>' in asked

    survivor = client.post(f"/incidents/{other.reference}/merge/", {"into": declared.reference}, follow=True)
    page = survivor.content.decode()
    assert "went into this one" in page and "Declared: Tills are dead" in page
    gone = client.get(f"/incidents/{other.reference}/").content.decode()
    assert "Updates go on there." in gone and "Undo the merge" in gone
    assert f"went into {declared.reference}" in client.get("/incidents/").content.decode()

    client.post(f"/incidents/{other.reference}/undo_merge/")
    other.refresh_from_db()
    assert other.is_open


def test_the_api_merges_and_undoes(declared, other, api):
    ira = api("ira")
    merged = ira.post(f"/incidents/{other.reference}/merge/", {"into": declared.reference})
    assert merged.json()["reference"] == declared.reference
    assert ira.get(f"/incidents/{other.reference}/").json()["merged_into"] == declared.reference
    assert ira.post(f"/incidents/{other.reference}/update/", {"body": "News"}).status_code == 409
    assert ira.post(f"/incidents/{other.reference}/undo_merge/").json()["status"] == "declared"


# --- families ---------------------------------------------------------------------------------------------
def test_a_child_is_shown_on_its_parent_and_restored_with_it(client, declared, other, ira, by):
    operations.set_parent(other.reference, parent=declared.reference, by=by(ira))
    client.force_login(ira)
    url = f"/incidents/{declared.reference}/"
    page = client.get(url).content.decode()
    assert f'id="child-{other.reference}"' in page
    assert f'value="{other.reference}"' in page and "checked" in page  # proposed

    client.post(f"{url}restore/", {"body": "All works.", "severity": "SEV1", "children": [other.reference]})

    other.refresh_from_db()
    assert (other.status, other.severity, other.next_update_due_at) == ("restored", "SEV1", None)
    assert other.updates.latest("number").body == "All works."


def test_a_child_that_is_not_ticked_runs_on(declared, other, ira, by):
    operations.set_parent(other.reference, parent=declared.reference, by=by(ira))

    operations.declare_restored(declared.reference, body="Works.", severity="SEV2", by=by(ira))

    other.refresh_from_db()
    assert other.is_open


def test_a_child_of_somebody_else_is_not_restored_with_it(declared, other, ira, by):
    with pytest.raises(RuleBroken, match="not part of"):
        operations.declare_restored(
            declared.reference, body="Works.", severity="SEV2", children=[other.reference], by=by(ira)
        )
    declared.refresh_from_db()
    assert declared.is_open


def test_a_family_has_two_levels_and_no_circle(declared, other, ira, by):
    me, third = by(ira), operations.declare(title="Third", by=by(ira))
    operations.set_parent(other.reference, parent=declared.reference, by=me)

    with pytest.raises(Conflict, match="itself part of"):
        operations.set_parent(third.reference, parent=other.reference, by=me)
    with pytest.raises(Conflict, match="incidents of its own"):
        operations.set_parent(declared.reference, parent=third.reference, by=me)
    with pytest.raises(RuleBroken, match="part of itself"):
        operations.set_parent(third.reference, parent=third.reference, by=me)
    with pytest.raises(Conflict, match="take it out first"):
        operations.merge(declared.reference, into=other.reference, by=me)

    operations.set_parent(other.reference, parent="", by=me)
    other.refresh_from_db()
    assert other.parent is None


def test_the_children_of_what_goes_into_another_one_go_along_and_come_back(declared, other, ira, by):
    me, third = by(ira), operations.declare(title="Third", by=by(ira))
    operations.set_parent(third.reference, parent=other.reference, by=me)
    operations.merge(other.reference, into=declared.reference, by=me)
    third.refresh_from_db()
    assert third.parent == declared

    operations.undo_merge(other.reference, by=me)
    third.refresh_from_db()
    assert third.parent == other


def test_the_api_shows_parent_and_children(declared, other, api):
    ira = api("ira")
    made = ira.post(f"/incidents/{other.reference}/set_parent/", {"parent": declared.reference}).json()
    assert made["parent"] == declared.reference
    rows = {row["reference"]: row["children"] for row in ira.get("/incidents/").json()["results"]}
    assert rows == {declared.reference: [other.reference], other.reference: []}


def test_what_the_status_page_shows_does_not_go_into_what_is_kept_off_it(declared, other, payments, ira, by):
    """Its readers would be led to a title that is kept from them, and the page would turn green."""
    Application.objects.filter(pk=payments.pk).update(public=True)
    operations.edit(other.reference, changes={"public": False, "title": "Breach at Bolt"}, by=by(ira))
    with pytest.raises(Conflict, match=f"Put {other.reference} on that page"):
        operations.merge(declared.reference, into=other.reference, by=by(ira))
    assert not OutgoingMessage.objects.filter(text__contains="Bolt").exists()
    assert operations.merge(other.reference, into=declared.reference, by=by(ira)) == declared
