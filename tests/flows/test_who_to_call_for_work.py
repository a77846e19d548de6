"""From a ticket or an incident to who is on call for it."""

import pytest

from escalation import operations as escalation
from tests import world as worlds

pytestmark = [pytest.mark.django_db, pytest.mark.everywhere]


@pytest.fixture
def world(tmp_path, settings):
    settings.FILES_DIR = tmp_path / "files"
    return worlds.build()


def get(client, world, path, who="ana"):
    client.force_login(world.people[who])
    return client.get(path)


def test_a_ticket_asks_for_the_owner_of_its_component_on_the_next_tier(client, world):
    ref = world.other_ticket.reference
    html = get(client, world, f"/on-call/?ticket={ref}").content.decode()
    best = html[html.index('aria-label="Best match"') :]
    assert best.index("Owns Gateway") < best.index("Also possible")
    assert "Eli Engel" in best[: best.index("Also possible")]
    assert f'href="/tickets/{ref}/"' in html and 'value="Gateway"' in html
    assert "Account manager of" not in html  # Bolt has none


def test_who_has_the_ticket_needs_the_next_tier_and_others_who_has_it(client, world):
    ref = world.ticket.reference  # at L2, with Payments, whose lead is Eli
    for who, team in (("eli", "Platform"), ("ana", "Payments")):
        html = get(client, world, f"/on-call/?ticket={ref}", who).content.decode()
        best = html[html.index('aria-label="Best match"') : html.index("Also possible")]
        assert f">{team}</a>" in best


def test_an_incident_asks_for_what_it_affects_and_its_customers(client, world):
    worlds.incidents.edit(
        world.incident.reference,
        changes={"components": [world.gateway], "organisations": [world.acme]},
        by=worlds.by(world.people["ira"]),
    )
    html = get(client, world, f"/on-call/?incident={world.incident.reference}").content.decode()
    assert "Owns Gateway" in html and "Account manager of Acme" in html


@pytest.mark.parametrize("kind", ["ticket", "incident"])
def test_the_page_of_the_work_leads_there_and_shows_the_first(client, world, kind):
    reference = getattr(world, kind).reference
    html = get(client, world, f"/{kind}s/{reference}/").content.decode()
    assert f"/on-call/?{kind}={reference}" in html and f"/on-call/brief/?{kind}={reference}" in html
    brief = get(client, world, f"/on-call/brief/?{kind}={reference}").content.decode()
    assert "<html" not in brief and "Payments" in brief


def test_an_overdue_entry_is_marked_on_both(client, world):
    boss = worlds.by(world.people["max"])
    late = world.teams[1].review_due.replace(year=2020)
    for team in world.teams:
        escalation.edit_team(team.slug, changes={"review_due": late}, by=boss)
    ticket, incident = world.ticket.reference, world.incident.reference
    for path in (
        f"/tickets/{ticket}/",
        f"/on-call/brief/?ticket={ticket}",
        f"/on-call/brief/?incident={incident}",
    ):
        assert "Check overdue" in get(client, world, path).content.decode(), path


@pytest.mark.parametrize(
    "query", ["ticket=TKT-999", "ticket=x", "incident=INC-999", "ticket=%00", "incident=TKT-1"]
)
def test_what_is_not_there_is_404(client, world, query):
    assert get(client, world, f"/on-call/?{query}").status_code == 404
    assert get(client, world, f"/on-call/brief/?{query}").status_code == 404


def test_a_confidential_ticket_does_not_show_here_either(client, world):
    made = worlds.tickets.create(
        subject="Merger", requester=world.drew, confidential=True, by=worlds.by(world.people["eli"])
    )
    assert get(client, world, f"/on-call/?ticket={made.reference}").status_code == 404
