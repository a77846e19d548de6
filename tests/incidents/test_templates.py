"""How updates are worded by the desk: what may stand in a template, what comes out, and that none stops an update."""

import pytest
from django.db import DatabaseError
from django.test import Client

from catalogue.models import Component
from core.audit import trail
from core.common.errors import Conflict, Invalid, NotAllowed, NotFound, Stale
from core.outbox.models import OutgoingMessage
from customers.models import Subscription
from incidents import operations, queries, templating
from incidents.models import UpdateTemplate

pytestmark = [pytest.mark.django_db, pytest.mark.everywhere]

BUSINESS = {"what": "Cards fail.", "affected": "Shops."}


@pytest.fixture
def word(max, by):
    """`word("holding", "{{text}} {{next_update}}")` keeps a template for business readers."""

    def keep(kind, body, audience="business", subject="", **more):
        return operations.save_template(kind, audience, subject=subject, body=body, **more, by=by(max))

    return keep


def sent(number, to="boss@firm.example"):
    return OutgoingMessage.objects.get(about_version=number, to=to)


# --- what may stand in one --------------------------------------------------------------------------------
def test_an_unknown_variable_is_refused_with_its_name_and_the_known_ones(word):
    with pytest.raises(Invalid) as refused:
        word("update", "{{text}} {{customer}}", subject="{{boss}}")
    assert (
        "{customer}" in refused.value.errors["body"][0] and "{workaround}" in refused.value.errors["body"][0]
    )
    assert "{boss}" in refused.value.errors["subject"][0]
    assert not UpdateTemplate.objects.exists()


@pytest.mark.parametrize(
    "kind, body",
    [
        ("holding", "We are on it. {{text}}"),  # without the next time
        ("catch_up", "{{next_update}}"),  # without what was missed
        ("update", "{{what}}"),  # without who is affected
        ("update", "Hello"),
        ("restored", "It works."),
        ("correction", "{{what}}"),
        ("acknowledgement", "  "),
    ],
)
def test_a_template_that_would_lose_something_is_refused(word, kind, body):
    with pytest.raises(Invalid) as refused:
        word(kind, body)
    assert list(refused.value.errors) == ["body"]


@pytest.mark.parametrize("subject", ["x" * 78, "{{title}} {{title}} {{title}}"])
def test_a_subject_that_is_too_long_with_the_example_is_refused(word, subject):
    with pytest.raises(Invalid, match="77 is the most"):
        word("update", "{{text}}", subject=subject)


def test_of_a_subject_exactly_77_is_taken(word):
    room = 77 - len("[INC-2041] ")
    assert word("update", "{{text}}", subject="x" * room)
    with pytest.raises(Invalid):
        word("restored", "{{text}}", subject="x" * (room + 1))


def test_every_kind_can_start_from_what_the_page_offers(word):
    for kind in UpdateTemplate.KINDS:
        assert word(kind, templating.START[kind])
    assert set(templating.EXAMPLE) == set(templating.VARIABLES)


# --- what comes out ---------------------------------------------------------------------------------------
def test_an_update_is_worded_by_its_template(word, declared, ira, by):
    word(
        "update",
        "Dear all,\n\n{{what}}\nAffected: {{affected}}\nBy hand: {{workaround}}\n\n{{next_update}}",
        subject="{{phase}}: {{title}}",
    )
    update = operations.send_update(declared.reference, **BUSINESS, by=by(ira))

    mail = sent(2)
    assert update.body == "Dear all,\n\nCards fail.\nAffected: Shops.\n\nNext update 10:17 UTC."
    assert (
        mail.subject == f"[{declared.reference}] Declared: Card payments fail"
        or "Investigating" in mail.subject
    )
    assert mail.text.count("Next update 10:17 UTC.") == 1
    assert all(len(line) <= 40 for line in mail.text.splitlines() if "://" not in line)


def test_the_promise_stands_there_whether_the_template_says_it_or_not(word, declared, ira, by):
    word("update", "{{text}}")
    operations.send_update(declared.reference, **BUSINESS, by=by(ira))

    assert "Next update 10:17 UTC." in sent(2).text


def test_holding_catch_up_restored_and_acknowledgement_have_theirs(
    word, declared, payments, run_until, traveller, ira, by
):
    word("holding", "Still on it.\n{{known}}\n{{next_update}}")
    word("catch_up", "Sorry.\n\n{{text}}\n\n{{next_update}}")
    word("restored", "Done: {{what}}")
    word("acknowledgement", "We know: {{title}}", subject="We know")
    run_until("10:17", "10:17")
    run_until("11:00", "11:00")
    operations.declare_restored(declared.reference, body="Cards work.", severity="SEV2", by=by(ira))
    other = operations.declare(title="Cards again", applications=[payments], by=by(ira))

    kinds = {one.kind: one.body for one in declared.updates.all()}
    assert kinds["holding"] == "Still on it.\nCard payments fail\nNext update 10:32 UTC."
    assert kinds["catch_up"].startswith("Sorry.\n\nThe updates due at")
    assert kinds["restored"] == "Done: Cards work."
    assert "This is the last notice" in sent(4).text
    assert other.updates.get().subject == f"[{other.reference}] We know"


def test_an_audience_without_a_template_gets_that_for_business(word, declared, ira, by):
    for audience in ("technical", "external"):
        Subscription.objects.create(email=f"{audience}@x.example", incident_id=declared.pk, audience=audience)
    word("update", "For all: {{text}}")
    word("update", "For outside: {{text}}", audience="external")
    update = operations.send_update(
        declared.reference, **BUSINESS, wordings={"technical": {"what": "Node 3."}}, by=by(ira)
    )

    assert update.body.startswith("For all: ")
    assert (
        "For all:" in sent(2, "technical@x.example").text and "Node 3." in sent(2, "technical@x.example").text
    )
    assert "For outside:" in sent(2, "external@x.example").text


def test_the_tags_stay_in_front_whatever_a_template_says(word, payments, eli, ira, by):
    Subscription.objects.create(user=eli, application=payments)
    word("acknowledgement", "We know.", subject="Hello {{title}}")
    drill = operations.declare(title="Practice", applications=[payments], drill=True, by=by(ira))

    mail = sent(1, "eli@desk.example")
    assert mail.subject == f"[DRILL] [{drill.reference}] Hello Practice"
    assert mail.text.startswith("This is an exercise.")


def test_no_internal_name_goes_outside_by_a_template(word, payments, ira, by):
    Component.objects.create(application=payments, slug="pg-3", name="pg-3", public_name="gateway")
    Subscription.objects.create(email="out@x.example", application=payments, audience="external")
    word("acknowledgement", "We look after pg-3: {{title}}", subject="{{title}}")
    operations.declare(title="pg-3 is down", applications=[payments], by=by(ira))

    mail = sent(1, "out@x.example")
    assert "pg-3" not in mail.subject + mail.text and "gateway is down" in mail.subject


def test_a_long_title_shortens_the_subject(word, payments, stakeholders, ira, by):
    word("acknowledgement", "We know.", subject="We know of {{title}}")
    incident = operations.declare(title="T" * 200, applications=[payments], by=by(ira))

    assert len(incident.updates.get().subject) == 77


def test_values_are_not_filled_in_again(word, declared, ira, by):
    word("update", "{{text}}")
    update = operations.send_update(
        declared.reference, what="{{title}} {reference}", affected="x", by=by(ira)
    )

    assert "{{title}} {reference}" in update.body


def test_what_the_desk_says_of_a_reopening_is_not_lost_in_a_template(word, declared, ira, by):
    word("correction", "{{wrong}} {{what}}")
    operations.declare_restored(declared.reference, body="Works.", severity="SEV2", by=by(ira))
    operations.reopen(declared.reference, reason="Fails again", by=by(ira))

    assert "We said that the service was restored." in sent(3).text


def test_a_quiet_edit_is_worded_by_the_template_too(word, declared, ira, by):
    word("update", "Dear all,\n\n{{what}} {{affected}}")
    operations.send_update(declared.reference, **BUSINESS, by=by(ira))
    changed = operations.edit_quietly(declared.reference, number=2, what="Half fail.", why="x", by=by(ira))

    assert changed.body == "Dear all,\n\nHalf fail. Shops."


# --- none stops an update ---------------------------------------------------------------------------------
def test_a_broken_template_is_passed_over_and_reported(declared, run_until, ira, by):
    UpdateTemplate.objects.create(kind="holding", audience="business", body="{{nonsense}} {{next_update}}")
    run_until("10:17", "10:17")

    assert "There is no newer report" in sent(2).text
    assert declared.timeline.filter(body__contains="built-in text went out").count() == 1
    assert declared.timeline.filter(body__contains="nonsense").exists()


def test_templates_that_cannot_be_read_stop_nothing(declared, monkeypatch, ira, by):
    def fail(*args, **kwargs):
        raise DatabaseError("no such table")

    monkeypatch.setattr(UpdateTemplate.objects, "filter", fail)
    operations.send_update(declared.reference, **BUSINESS, by=by(ira))

    assert "Cards fail." in sent(2).text
    assert declared.timeline.filter(body__contains="built-in text went out").exists()


def test_one_that_leaves_nothing_is_passed_over(declared, ira, by):
    UpdateTemplate.objects.create(kind="update", audience="business", body="{{doing}}")
    operations.send_update(declared.reference, **BUSINESS, by=by(ira))

    assert "Cards fail." in sent(2).text


# --- keeping them -----------------------------------------------------------------------------------------
def test_only_who_manages_words_updates(ira, by, word):
    with pytest.raises(NotAllowed):
        operations.save_template("update", "business", subject="", body="{{text}}", by=by(ira))


def test_the_trail_keeps_what_it_said_and_going_back_is_possible(word, max, by, declared, ira):
    word("update", "One {{text}}")
    word("update", "Two {{text}}")
    kept = queries.template("update", "business", by=by(max))
    assert kept.version == 2
    event = trail.history("update_template", kept.pk).get(name="update_template.edited")
    assert (event.before["body"], event.after["body"]) == ("One {{text}}", "Two {{text}}")

    operations.built_in_again("update", "business", by=by(max))
    gone = trail.history("update_template", kept.pk).get(name="update_template.removed")
    assert gone.before["body"] == "Two {{text}}"
    assert "Two" not in operations.send_update(declared.reference, **BUSINESS, by=by(ira)).body
    with pytest.raises(NotFound):
        operations.built_in_again("update", "business", by=by(max))


def test_of_two_writers_the_second_hears_of_the_first(word):
    word("update", "One {{text}}", version=0)
    with pytest.raises(Conflict):
        word("update", "Two {{text}}", version=0)
    with pytest.raises(Stale):
        word("update", "Two {{text}}", version=7)


# --- page and API -----------------------------------------------------------------------------------------
def test_the_page_shows_it_on_a_phone_and_keeps_what_is_refused(max, declared):
    client = Client()
    client.force_login(max)
    url = "/incidents/templates/holding/business/"
    page = client.get(url).content.decode()
    assert "Next update 15:00 UTC." in page and "[INC-2041]" in page

    refused = client.post(url, {"body": "typed at length", "version": 0})
    assert refused.status_code == 400
    assert (
        "typed at length" in refused.content.decode()
        and "the time of the next update" in refused.content.decode()
    )
    shown = client.post(
        url, {"body": "Hi {{next_update}}", "version": 0, "preview": 1, "example": declared.reference}
    )
    assert (
        f"[{declared.reference}]" in shown.content.decode()
        and "Next update 10:17 UTC." in shown.content.decode()
    )
    assert not UpdateTemplate.objects.exists()
    unknown = client.post(
        url, {"body": "Hi {{next_update}}", "version": 0, "preview": 1, "example": "INC-99"}
    )
    assert "There is no INC-99" in unknown.content.decode()

    assert client.post(url, {"body": "Hi {{next_update}}", "version": 0}).status_code == 302
    assert "own text" in client.get("/incidents/templates/").content.decode()
    assert client.post(f"{url}built_in/", {"version": 1}).status_code == 302
    assert not UpdateTemplate.objects.exists()
    assert client.get("/incidents/templates/nonsense/business/").status_code == 404


def test_the_api_words_updates(max, api):
    made = api("max").post(
        "/update-templates/", {"kind": "holding", "audience": "external", "body": "{{next_update}}"}
    )
    assert made.status_code == 201 and made.json()["key"] == "holding-external"
    url = "/update-templates/holding-external/"
    assert api("max").patch(url, {"subject": "Hold on"}).json()["body"] == "{{next_update}}"
    assert api("max").patch(url, {"body": "x"}).status_code == 400
    assert api("max").patch(url, {"body": "{{next_update}}!"}, **{"If-Match": '"9"'}).status_code == 412
    assert (
        api("max")
        .post("/update-templates/", {"kind": "holding", "audience": "external", "body": "{{next_update}}"})
        .status_code
        == 409
    )
    assert len(api("max").get("/update-templates/variables/").json()) == len(templating.VARIABLES)
    assert api("max").call("DELETE", url).status_code == 204
    assert api("max").get(url).status_code == 404


@pytest.mark.parametrize(
    ("place", "asked", "status"),
    [
        ("foo/business", {}, 404),
        ("holding/foo", {"version": 1}, 404),
        ("holding/business", {}, 422),
        ("postponed/business", {}, 404),
        ("holding/business", {"version": 1}, 404),
    ],
)
def test_the_built_in_text_of_nothing_is_no_crash(place, asked, status, max):
    client = Client(raise_request_exception=False)
    client.force_login(max)
    assert client.post(f"/incidents/templates/{place}/built_in/", asked).status_code == status
