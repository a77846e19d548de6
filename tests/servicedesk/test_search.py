"""Search: page, facets, palette and API show what `visible_to` shows, and no more."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from core.search import queries
from tests import world as worlds
from tests.world import NOTE

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(tmp_path: Any, settings: Any) -> SimpleNamespace:
    settings.FILES_DIR = tmp_path / "files"
    return worlds.build()


@pytest.fixture
def enter(world: SimpleNamespace) -> Any:
    def make(name: str) -> Client:
        client = Client()
        client.force_login(world.people[name])
        return client

    return make


def test_the_word_is_marked_where_it_stands(enter: Any) -> None:
    text = enter("ana").get("/search/?q=rejected").content.decode()
    assert "Card payments <mark>rejected</mark>" in text
    noted = enter("ana").get(f"/search/?q={NOTE}").content.decode()
    assert f"Their fault? <mark>{NOTE}</mark>" in noted


def test_markup_in_a_text_stays_text(enter: Any, world: SimpleNamespace) -> None:
    worlds.tickets.create(subject="<b>bold</b> zebra", by=worlds.by(world.people["ana"]))
    assert (
        "&lt;b&gt;bold&lt;/b&gt; <mark>zebra</mark>" in enter("ana").get("/search/?q=zebra").content.decode()
    )


def test_facets_count_what_the_other_choices_leave(enter: Any, world: SimpleNamespace) -> None:
    ana = worlds.by(world.people["ana"])
    for subject, contact in (
        ("Walrus one", world.casey),
        ("Walrus two", world.casey),
        ("Walrus three", world.drew),
    ):
        worlds.tickets.create(subject=subject, requester=contact, by=ana)
    worlds.incidents.declare(title="Walrus incident", by=ana)

    found = enter("ana").get("/api/v1/search/?q=walrus").json()
    narrowed = enter("ana").get("/api/v1/search/", {"q": "kind:ticket organisation:acme walrus"}).json()

    counts = {(facet["name"], facet["value"]): facet["count"] for facet in found["facets"]}
    assert counts["kind", "ticket"] == 3 and counts["kind", "incident"] == 1
    assert counts["organisation", "acme"] == 2 and counts["period", "7d"] == 4
    assert {hit["title"] for hit in narrowed["results"]} == {"Walrus one", "Walrus two"}
    others = {(f["name"], f["value"]): f["count"] for f in narrowed["facets"]}
    assert others["organisation", "bolt"] == 1  # what choosing Bolt would show
    page = enter("ana").get("/search/", {"q": "walrus", "kind": "incident"}).content.decode()
    assert "incident" in page and "two" not in page


def test_notes_are_in_no_snippet_of_who_does_not_read_them(enter: Any) -> None:
    for name in ("kim", "casey"):
        found = enter(name).get("/api/v1/search/", {"q": "card"}).json()
        assert found["results"] and "quokka" not in str(found)
        assert enter(name).get("/api/v1/search/", {"q": NOTE}).json()["results"] == []


def test_a_customer_finds_their_own_alone(enter: Any, world: SimpleNamespace) -> None:
    found = enter("casey").get("/api/v1/search/", {"q": "refund"}).json()
    assert found == {"results": [], "facets": []}
    assert enter("drew").get("/api/v1/search/", {"q": "refund"}).json()["results"][0]["reference"] == (
        world.other_ticket.reference
    )


def test_the_palette_finds_records_and_people(enter: Any, world: SimpleNamespace) -> None:
    ana = enter("ana")
    assert world.ticket.reference in ana.get("/search/palette/?q=rejec").content.decode()
    assert (
        world.incident.reference in ana.get(f"/search/palette/?q={world.incident.reference}").content.decode()
    )
    assert "Payments" in ana.get("/search/palette/?q=payments").content.decode()
    assert ana.get("/search/palette/?q=x").content.strip() == b""


@pytest.mark.parametrize(
    "typed", ["pay", "paym", "payment", "payments", "PAY", "late pay", "payment late paym"]
)
def test_the_beginning_of_a_word_finds_it(typed: str, world: SimpleNamespace) -> None:
    by = worlds.by(world.people["ana"])
    made = worlds.tickets.create(subject="Zebra shop", description="Their payments arrive late.", by=by)
    assert made.reference in {doc.reference for doc in queries.find(typed, by)}


@pytest.mark.parametrize("typed", ["zebra retries", "zebra retry", "retried zeb", "Zebra CAFÉ", "zebra cafe"])
def test_a_word_finds_its_other_forms_and_accents(typed: str, world: SimpleNamespace) -> None:
    by = worlds.by(world.people["ana"])
    made = worlds.tickets.create(subject="Zebra", description="Café retries. CAFE, café.", by=by)
    assert [doc.reference for doc in queries.find(typed, by)] == [made.reference]


def test_a_single_letter_is_a_word(world: SimpleNamespace) -> None:
    by = worlds.by(world.people["ana"])
    made = worlds.tickets.create(subject="Plan b for zebras", by=by)
    assert [doc.reference for doc in queries.find("zebra b", by)] == [made.reference]
    assert queries.find("zebra p", by) == []


def test_the_title_comes_first_then_the_newest(world: SimpleNamespace) -> None:
    by = worlds.by(world.people["ana"])
    titled = worlds.tickets.create(subject="Gnu one", by=by)
    old, new = (worlds.tickets.create(subject=f"Shop {n}", description="gnu", by=by) for n in range(2))
    found = [doc.reference for doc in queries.find("gnu", by)]
    assert found == [titled.reference, new.reference, old.reference]


def test_a_word_that_all_have_finds_the_newest_and_says_that_there_are_more(
    enter: Any, world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "NEWEST", 6)
    monkeypatch.setattr(queries, "CANDIDATES", 4)
    by = worlds.by(world.people["ana"])
    made = [worlds.tickets.create(subject=f"Gnu {n}", by=by) for n in range(8)]
    made.append(worlds.tickets.create(subject="Shop", description="gnu", by=by))
    assert [doc.reference for doc in queries.find("gnu", by)] == [t.reference for t in made[7:3:-1]]
    assert queries.find(made[0].reference, by)[0].reference == made[0].reference
    assert "There are more hits" in enter("ana").get("/search/?q=gnu").content.decode()
    assert "There are more hits" not in enter("ana").get("/search/?q=gnu+3").content.decode()


def test_one_finds_ones_own_behind_any_number_of_others(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The columns of visibility and the kind stand in the index: others' hits take no place."""
    monkeypatch.setattr(queries, "NEWEST", 2)
    ana, casey = worlds.by(world.people["ana"]), worlds.by(world.people["casey"])
    incident = worlds.incidents.declare(title="Gnus everywhere", by=ana)
    own = worlds.tickets.create(subject="Gnu of Acme", requester=world.casey, by=ana)
    for n in range(5):
        worlds.tickets.create(subject=f"Gnu {n}", requester=world.drew, by=ana)
    assert [doc.reference for doc in queries.find("gnu", casey)] == [own.reference]
    assert [doc.reference for doc in queries.find("gnu", ana, kinds=["incident"])] == [incident.reference]


def test_what_moves_out_of_sight_is_no_longer_found(world: SimpleNamespace) -> None:
    ana, casey, drew = (worlds.by(world.people[name]) for name in ("ana", "casey", "drew"))
    made = worlds.tickets.create(subject="Gnu", requester=world.casey, by=ana)
    worlds.tickets.edit(made.reference, values={"requester": world.drew, "organisation": world.bolt}, by=ana)
    assert queries.find("gnu", casey) == []
    assert [doc.reference for doc in queries.find("gnu", drew)] == [made.reference]


def test_a_reference_is_found_first_and_leads_to_its_page(enter: Any, world: SimpleNamespace) -> None:
    by, reference = worlds.by(world.people["ana"]), world.ticket.reference
    worlds.tickets.create(subject=f"As in {reference}", by=by)
    assert queries.find(reference.lower(), by)[0].reference == reference
    assert enter("ana").get("/search/", {"q": reference.lower()})["Location"] == f"/tickets/{reference}/"
    assert reference not in {
        doc.reference for doc in queries.find(reference, worlds.by(world.people["drew"]))
    }


@pytest.mark.parametrize(
    "typed", ["a\x00b", "\ud800", '"', "'", "*", "TKT-", "-", "a" * 250, "²", "ﬁ", "%s", "{x} : y"]
)
def test_any_text_may_be_searched(typed: str, world: SimpleNamespace) -> None:
    for name in ("ana", "casey"):
        queries.find(typed, worlds.by(world.people[name]))


def test_search_costs_the_same_however_many_hits(
    enter: Any, world: SimpleNamespace, django_assert_max_num_queries: Any
) -> None:
    client = enter("ana")
    client.get("/search/?q=card")
    for n in range(20):
        worlds.tickets.create(subject=f"card {n}", requester=world.casey, by=worlds.by(world.people["ana"]))
    with django_assert_max_num_queries(24):
        client.get("/search/?q=card")
    with django_assert_max_num_queries(24):
        client.get("/search/palette/?q=card")
