"""Search: page, facets, palette and API show what `visible_to` shows, and no more."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

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
