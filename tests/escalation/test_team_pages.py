"""Entering and editing teams and vendors on real pages."""

import pytest

from core.audit.models import Event
from core.common.errors import RuleBroken
from escalation import operations
from escalation.exchange.columns import TEAMS
from escalation.exchange.files import Row
from escalation.models import Team
from tests.contracts import addresses


@pytest.fixture
def signed(client, house):
    def enter(name):
        client.force_login(getattr(house, name))
        return client

    return enter


TYPED = {"name": "File transfer vendor", "tier": "2", "is_vendor": "on", "active": "on", "zone": "UTC",
         "scope": "Bank files", "areas": ["third_party"], "components": ["ledger"], "lead": "ira",
         "members": ["eli", "lea"], "contract": "7731", "quote": "Site 12", "portal_url": "bank.example",
         "hours": "Mon to Fri 08:00-18:00", "review_due": ""}  # fmt: skip


def test_a_manager_enters_a_vendor(signed):
    page = signed("max")
    assert 'name="contract"' in page.get("/on-call/new/?vendor").content.decode()
    answer = page.post("/on-call/new/", TYPED)
    assert answer.status_code == 302, answer.context["form"].errors
    team = Team.objects.get(slug="file-transfer-vendor")
    assert (team.contract, team.portal_url, team.areas) == ("7731", "https://bank.example", ["third_party"])
    assert {person.username for person in team.members.all()} == {"eli", "lea"}
    shown = page.get("/on-call/file-transfer-vendor/").content.decode()
    assert "Site 12" in shown and "7731" in shown and "Third party" in shown


def test_the_form_holds_what_is_there_and_saves_what_changed(signed):
    page = signed("max")
    form = page.get("/on-call/payments/edit/").context["form"]
    typed = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    typed = {name: "" if value is None else value for name, value in typed.items() if value is not False}
    answer = page.post("/on-call/payments/edit/", {**typed, "phone": "+44 20 5550 0200"})
    assert answer.status_code == 302, answer.context["form"].errors
    assert Event.objects.get(name="team.changed").after == {"phone": "+44 20 5550 0200"}


def test_two_who_edit_at_once_lose_nothing(signed, house):
    page = signed("max")
    operations.edit_team("payments", changes={"phone": "+44 1"}, by=house.admin)
    answer = page.post("/on-call/payments/edit/", {**TYPED, "name": "Payments engineering", "version": "1"})
    assert answer.status_code == 412 and "Bank files" in answer.content.decode()
    assert "Now: " in answer.content.decode()


def test_who_keeps_the_entry_edits_it_without_what_is_the_managers(signed):
    page = signed("ira")
    html = page.get("/on-call/payments/edit/").content.decode()
    assert 'name="scope"' in html and 'name="tier"' not in html and 'name="owner"' not in html
    answer = page.post(
        "/on-call/payments/edit/", {"zone": "UTC", "scope": "Cards", "version": "1", "tier": "5"}
    )
    assert answer.status_code == 302
    team = Team.objects.get(slug="payments")
    assert (team.scope, team.tier) == ("Cards", 2)


@pytest.mark.parametrize("path", ["/on-call/payments/edit/", "/on-call/new/"])
def test_others_hear_who_can(signed, path):
    assert signed("ana").get(path).status_code == 403


@pytest.mark.parametrize("name", ["People", "Still right", "???"])
def test_a_name_whose_address_is_taken_is_refused_with_the_text_kept(signed, name):
    answer = signed("max").post("/on-call/new/", {**TYPED, "name": name})
    assert (answer.status_code, list(answer.context["form"].errors)) == (400, ["name"])
    assert "Bank files" in answer.content.decode()


def test_no_team_takes_the_address_of_any_other_page(house):
    """Asked of the addresses themselves: whatever page comes along, a team cannot stand in its way."""
    found = {address.path.split("/")[1] for address in addresses.under("on-call/")}
    words = {word for word in found if word and "<" not in word and "." not in word}
    assert {"pages", "people", "policies", "gaps", "calendars", "acknowledge", "still-right", "new"} <= words
    for word in sorted(words):
        with pytest.raises(RuleBroken, match=f"stand under {word}. Choose another short name"):
            operations.create_team(name="Any", slug=word, tier=1, by=house.admin)
        with pytest.raises(RuleBroken, match=f"stand under {word}. Choose another short name"):
            operations.edit_team("network", changes={"slug": word}, by=house.admin)
    assert operations.create_team(name="Any", slug="pages-2", tier=1, by=house.admin).slug == "pages-2"


def test_the_api_and_a_file_refuse_it_too(signed, house):
    page = signed("max")
    answer = page.post(
        "/api/v1/teams/", {"name": "Any", "slug": "pages", "tier": 1}, content_type="application/json"
    )
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["slug"])
    named = page.post("/api/v1/teams/", {"name": "Pages", "tier": 1}, content_type="application/json")
    assert (named.status_code, list(named.json()["errors"])) == (400, ["name"])
    row = Row(2, {"slug": "gaps", "name": "Any", "tier": "1"})
    report = operations.import_directory(TEAMS, [row], by=house.admin)
    assert report.wrong[0].errors == [
        "slug: Pages of the directory stand under gaps. Choose another short name."
    ]


def test_customers_find_none_of_it(client, house, casey):
    client.force_login(casey)
    for path in ("/on-call/new/", "/on-call/payments/edit/", "/on-call/people/", "/on-call/people/eli/"):
        assert client.get(path).status_code == 404
