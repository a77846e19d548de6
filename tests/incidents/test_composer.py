"""The composer's page: three wordings, what it starts from, drafts that survive, what is refused."""

import json

import pytest
from django.test import Client

from customers.models import ImpactNote, Organisation, Subscription
from incidents import operations
from worklog.models import Draft

pytestmark = [pytest.mark.django_db, pytest.mark.everywhere]

TYPED = {"number": 2, "status": "identified", "what": "Cards fail", "affected": "Shops"}


@pytest.fixture
def url(declared):
    return f"/incidents/{declared.reference}/"


@pytest.fixture
def as_ira(ira):
    return signed_in(ira)


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def value(page, name):
    """What stands in a text field of the composer."""
    text = page.content.decode()
    assert f'name="{name}"' in text, name
    return text.split(f'name="{name}"')[1].split(">", 1)[1].split("</textarea>")[0].strip()


def test_each_audience_has_fields_a_count_and_a_phone(as_ira, url, declared):
    Subscription.objects.create(email="out@x.example", incident_id=declared.pk, audience="external")
    text = as_ira.get(url).content.decode()

    for audience in ("business", "technical", "external"):
        assert f'data-reader="{audience}"' in text and f'data-phone="{audience}"' in text
    assert 'name="wordings.external.what"' in text
    assert "1, business wording" in text


def test_an_update_with_an_own_wording_is_sent_and_the_next_starts_from_it(as_ira, url, declared):
    answer = as_ira.post(f"{url}update/", {**TYPED, "wordings.external.what": "Some cards fail"})

    assert answer.status_code == 302
    update = declared.updates.get(number=2)
    assert update.wrote_for("external")["what"] == "Some cards fail"
    page = as_ira.get(url)
    assert value(page, "wordings.external.what") == "Some cards fail"
    assert value(page, "wordings.technical.what") == ""
    assert value(page, "affected") == "Shops"


def test_what_is_missing_is_said_and_what_was_typed_stays(as_ira, url, declared):
    answer = as_ira.post(
        f"{url}update/",
        {"number": 2, "status": "identified", "what": "", "wordings.external.doing": "typed here"},
    )

    assert answer.status_code == 422
    text = answer.content.decode()
    assert "Say who is affected, and how badly." in text and "Say what is happening." in text
    assert value(answer, "wordings.external.doing") == "typed here"
    assert declared.updates.count() == 1


def test_a_wording_that_is_wrong_is_open_and_says_so(as_ira, url, declared, gateway):
    answer = as_ira.post(f"{url}update/", {**TYPED, "wordings.external.what": "Gateway fails"})

    assert answer.status_code == 400
    text = answer.content.decode()
    assert "External readers would read “Gateway”" in text
    assert "open" in text.split('data-reader="external"')[1].split(">")[0]
    assert "open" not in text.split('data-reader="business"')[1].split(">")[0]


def test_it_starts_from_what_hurts_most_now_without_naming_a_customer(as_ira, url, declared, payments):
    acme = Organisation.objects.create(slug="acme2", name="Acme Stores")
    ImpactNote.objects.create(
        organisation=acme, application=payments, stops="Tills take no cards.", workaround="Take cash."
    )
    page = as_ira.get(url)

    assert value(page, "affected") == "Tills take no cards."
    assert value(page, "workaround") == "Take cash."
    assert value(page, "what") == ""


def test_what_was_said_last_goes_before_the_notes(as_ira, url, declared, payments, ira, by):
    acme = Organisation.objects.create(slug="acme2", name="Acme Stores")
    ImpactNote.objects.create(organisation=acme, application=payments, stops="Tills take no cards.")
    operations.send_update(declared.reference, what="Cards fail", affected="All shops", by=by(ira))

    assert value(as_ira.get(url), "affected") == "All shops"


# --- drafts -----------------------------------------------------------------------------------------------
def test_a_draft_is_there_in_another_browser_and_for_nobody_else(as_ira, url, declared, ira, eli):
    kept = as_ira.post(
        f"{url}draft/",
        {"number": 2, "quiet": 1, "what": "Half typed", "wordings.technical.doing": "Draining"},
    )

    assert kept.status_code == 204
    page = signed_in(ira).get(url)
    assert (value(page, "what"), value(page, "wordings.technical.doing")) == ("Half typed", "Draining")
    assert value(signed_in(eli).get(url), "what") == ""


def test_without_script_the_button_keeps_it_and_sends_nothing(as_ira, url, declared):
    answer = as_ira.post(f"{url}draft/", {"number": 2, "what": "Half typed"}, follow=True)

    assert "Nothing was sent" in answer.content.decode()
    assert value(answer, "what") == "Half typed"
    assert declared.updates.count() == 1


def test_sending_ends_the_draft_and_a_late_save_does_not_bring_it_back(as_ira, url, declared):
    as_ira.post(f"{url}draft/", {"quiet": 1, **TYPED})
    as_ira.post(f"{url}update/", TYPED)
    late = as_ira.post(f"{url}draft/", {"quiet": 1, **TYPED})

    assert late.status_code == 409
    assert not Draft.objects.exists()


def test_a_holding_update_meanwhile_leaves_the_draft(as_ira, url, declared, run_until):
    as_ira.post(f"{url}draft/", {"quiet": 1, **TYPED})
    run_until("10:17", "10:17")

    assert value(as_ira.get(url), "what") == "Cards fail"
    assert as_ira.post(f"{url}draft/", {"quiet": 1, **TYPED, "what": "More"}).status_code == 204
    assert json.loads(Draft.objects.get().text)["what"] == "More"


def test_blanks_are_no_draft(as_ira, url, declared):
    as_ira.post(f"{url}draft/", {"quiet": 1, "number": 2, "what": "x"})
    as_ira.post(f"{url}draft/", {"quiet": 1, "number": 2, "what": " "})

    assert not Draft.objects.exists()


# --- the API ----------------------------------------------------------------------------------------------
def test_the_api_takes_wordings_and_answers_them(api, declared):
    url = f"/incidents/{declared.reference}/"
    answer = api("ira").post(
        f"{url}update/",
        {"what": "Cards fail", "affected": "Shops", "wordings": {"external": {"what": "Some cards fail"}}},
    )

    assert answer.status_code == 201
    assert answer.json()["wordings"]["external"]["what"] == "Some cards fail"
    assert list(answer.json()["wordings"]) == ["external"]
    for wrong in (
        {"wordings": {"business": {"what": "x"}}},
        {"wordings": {"external": {}}},
        {"wordings": []},
    ):
        assert api("ira").post(f"{url}update/", {"what": "x", "affected": "y", **wrong}).status_code == 400


def test_the_api_names_the_field_that_is_missing(api, declared):
    answer = api("ira").post(f"/incidents/{declared.reference}/update/", {"body": "News"})

    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == ["affected"]
