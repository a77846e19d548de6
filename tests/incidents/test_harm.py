"""Whom it hurts, by harm now: impact notes with their windows by the customer's own clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from core.audit.models import Event
from core.common.errors import Invalid, RuleBroken
from customers import operations as customers
from customers import rules
from customers.models import ImpactNote, Organisation
from incidents import operations, queries
from tests.incidents.conftest import at


@pytest.mark.parametrize(
    ("window", "moment", "hurts"),
    [
        (("Europe/Dublin", [0], time(12), time(15)), datetime(2026, 3, 2, 12, tzinfo=UTC), True),
        (("Europe/Dublin", [0], time(12), time(15)), datetime(2026, 3, 2, 15, tzinfo=UTC), False),
        (("Europe/Dublin", [1], time(12), time(15)), datetime(2026, 3, 2, 12, tzinfo=UTC), False),
        (("America/New_York", [0], time(15), time(16)), datetime(2026, 3, 2, 20, 30, tzinfo=UTC), True),
        (
            ("America/New_York", [0], time(15), time(16)),
            datetime(2026, 3, 9, 20, 30, tzinfo=UTC),
            False,
        ),  # DST
        (("Asia/Tokyo", [1], None, None), datetime(2026, 3, 2, 16, tzinfo=UTC), True),  # Tuesday there
        (("UTC", [], time(9), time(10)), datetime(2026, 3, 7, 9, 30, tzinfo=UTC), True),
        (("UTC", [], None, None), datetime(2026, 3, 2, 12, tzinfo=UTC), False),
    ],
)
def test_it_hurts_most_by_their_own_clock(window, moment, hurts):
    zone, weekdays, starts, ends = window
    note = ImpactNote(timezone=zone, weekdays=weekdays, starts=starts, ends=ends)

    assert rules.hurts_most(note, moment) is hurts


@pytest.fixture
def notes(db, payments, acme):
    """Declared at 10:02 UTC: it hurts Bolt now, Acme (strategic) later, Carl never more than else."""
    acme.tier = "strategic"
    acme.save()
    bolt, carl = (Organisation.objects.create(slug=slug, name=slug.title()) for slug in ("bolt", "carl"))
    common = {"application": payments, "stops": "No sales."}
    ImpactNote.objects.create(organisation=carl, **common)
    ImpactNote.objects.create(organisation=acme, starts=time(15), ends=time(16), **common)
    ImpactNote.objects.create(
        organisation=bolt,
        starts=time(10),
        ends=time(11),
        workaround="Cash.",
        review_on=date(2026, 1, 1),
        **common,
    )


def listed(incident, actor):
    return [(one.note.whose, one.now) for one in queries.harm(incident, actor)]


@pytest.mark.django_db
def test_those_whom_it_hurts_now_come_first(client, declared, notes, ira, by, api):
    assert listed(declared, by(ira)) == [("Bolt", True), ("Acme", False), ("Carl", False)]
    client.force_login(ira)

    page = client.get(f"/incidents/{declared.reference}/").content.decode()

    assert "hurts most now" in page and "By hand: Cash." in page and "review was due 1 Jan 2026" in page
    first = api("ira").get(f"/incidents/{declared.reference}/impact_notes/").json()[0]
    assert (first["whose"], first["hurts_most_now"], first["workaround"]) == ("Bolt", True, "Cash.")


@pytest.mark.django_db
def test_where_customers_are_named_only_theirs_are_listed(declared, notes, acme, ira, by):
    operations.edit(declared.reference, changes={"organisations": [acme]}, by=by(ira))

    assert listed(declared, by(ira)) == [("Acme", False)]


@pytest.mark.django_db
def test_another_application_hurts_nobody_here(declared, notes, traveller, ira, by):
    other = operations.declare(title="Something", by=by(ira))
    assert listed(other, by(ira)) == []
    traveller.move_to(at("15:30"))
    assert listed(declared, by(ira))[0] == ("Acme", True)


@pytest.mark.django_db
def test_a_note_is_kept_with_a_trail_and_contradicts_nothing(payments, acme, kim, by):
    facts = {"organisation": acme, "application": payments, "stops": "No sales."}
    note = customers.create(ImpactNote, facts, by=by(kim))

    customers.edit(ImpactNote, str(note.pk), {"starts": time(9), "ends": time(10)}, by=by(kim))

    assert Event.objects.filter(subject_kind="impact_note").count() == 2
    with pytest.raises(Invalid, match="after the start"):
        customers.edit(ImpactNote, str(note.pk), {"ends": time(8)}, by=by(kim))
    with pytest.raises(Invalid, match="both hours"):
        customers.create(ImpactNote, {**facts, "starts": time(8)}, by=by(kim))
    with pytest.raises(RuleBroken, match="whose note"):
        customers.create(ImpactNote, {**facts, "organisation": None}, by=by(kim))
