"""The environment questionnaire: asked once per customer, kept, and shown with what changed."""

from datetime import UTC, datetime

import pytest
import time_machine

from catalogue.models import Question
from core.audit.models import Event
from core.common.errors import Invalid, NotFound, RuleBroken
from customers import operations as customers
from customers.models import EnvironmentAnswer
from customers.queries import environment
from tests.api.conftest import Api, problem, token_for
from tickets import operations

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 11, 16, 9, tzinfo=UTC)


@pytest.fixture
def questions(desk):
    ask = Question.objects.create
    return [
        ask(application=desk.payments, key="till-sdk", text="Till SDK", type="version", required=True),
        ask(
            application=desk.payments,
            key="place",
            text="Where",
            type="choice",
            choices=["Live", "Test"],
            position=1,
        ),
        ask(application=desk.payments, key="bank", text="Bank", position=2),
    ]


@pytest.fixture
def answered(desk, questions, by, ana):
    """Acme said 5.8.1 last Monday, and 5.8.2 since."""
    with time_machine.travel(MONDAY, tick=False):
        customers.answer(desk.acme, desk.payments, {"till-sdk": "5.8.1", "bank": "Nord"}, by=by(ana))
    return customers.answer(desk.acme, desk.payments, {"till-sdk": "5.8.2", "bank": "Nord"}, by=by(ana))


@pytest.fixture
def browser(client, ana):
    client.force_login(ana)
    return client


def values(organisation, application):
    return {one.question.key: one.value for one in environment(organisation, application)}


def test_an_answer_is_kept_with_the_one_before(desk, answered):
    assert set(answered) == {"till-sdk"}
    kept = EnvironmentAnswer.objects.get(question__key="till-sdk")
    assert (kept.value, kept.before) == ("5.8.2", "5.8.1") and kept.answered_at > MONDAY
    event = Event.objects.filter(name="organisation.environment_answered").last()
    assert (event.before, event.after) == ({"till-sdk": "5.8.1"}, {"till-sdk": "5.8.2"})


@pytest.mark.parametrize(
    "wrong",
    [{"till-sdk": "new one"}, {"place": "Moon"}, {"bank": "x" * 501}, {"bank": "a\nb"}, {"unknown": "x"}],
)
def test_what_cannot_be_an_answer_is_refused_by_its_name(desk, questions, by, ana, wrong):
    with pytest.raises(Invalid) as refused:
        customers.answer(desk.acme, desk.payments, wrong, by=by(ana))
    assert set(refused.value.errors) == {f"environment.{next(iter(wrong))}"}
    assert not EnvironmentAnswer.objects.exists()


def test_an_empty_answer_takes_nothing_away(desk, answered, by, ana):
    customers.answer(desk.acme, desk.payments, {"till-sdk": " ", "place": "Live"}, by=by(ana))
    assert values(desk.acme, desk.payments) == {"till-sdk": "5.8.2", "place": "Live", "bank": "Nord"}


def test_customers_answer_for_themselves_alone(desk, questions, by, casey):
    customers.answer(desk.acme, desk.payments, {"bank": "Nord"}, by=by(casey))
    with pytest.raises(NotFound):
        customers.answer(desk.bolt, desk.payments, {"bank": "Nord"}, by=by(casey))
    assert values(desk.bolt, desk.payments)["bank"] == ""


def test_a_ticket_knows_what_was_answered_before_and_teaches_the_next(desk, answered, by, ana):
    first = operations.create(
        subject="s", organisation=desk.acme, application=desk.payments, by=by(ana),
        environment={"place": "Test", "browser": "Lynx"},
    )  # fmt: skip
    assert first.environment == {"till-sdk": "5.8.2", "bank": "Nord", "browser": "Lynx", "place": "Test"}
    second = operations.create(subject="s", organisation=desk.acme, component=desk.gateway, by=by(ana))
    assert second.environment == {"till-sdk": "5.8.2", "place": "Test", "bank": "Nord"}
    other = operations.create(subject="s", organisation=desk.bolt, component=desk.gateway, by=by(ana))
    assert other.environment == {}


def test_a_required_answer_that_is_missing_blocks_no_ticket(desk, questions, by, ana):
    made = operations.create(subject="s", organisation=desk.acme, application=desk.payments, by=by(ana))
    assert made.environment == {}


def test_answering_on_the_ticket(questions, ticket, desk, by, ana):
    after = operations.answer_environment(ticket.reference, answers={"place": "Live", "bank": ""}, by=by(ana))
    assert after.environment == {"place": "Live"} and after.version == ticket.version + 1
    assert values(desk.acme, desk.payments)["place"] == "Live"
    event = Event.objects.filter(name="ticket.updated").get()
    assert (event.before, event.after) == ({"environment.place": ""}, {"environment.place": "Live"})


def test_without_customer_or_application_there_is_nothing_to_answer(desk, by, ana):
    bare = operations.create(subject="s", by=by(ana))
    with pytest.raises(RuleBroken):
        operations.answer_environment(bare.reference, answers={"place": "Live"}, by=by(ana))


def test_the_page_asks_only_what_is_missing_and_shows_what_changed(browser, answered, ticket):
    page = browser.get(f"/tickets/{ticket.reference}/").content.decode()
    assert "was 5.8.1" in page and 'name="environment.place"' in page
    assert 'name="environment.till-sdk"' not in page
    saved = browser.post(f"/tickets/{ticket.reference}/environment/", {"environment.place": "Live"})
    assert saved.status_code == 302
    assert 'name="environment.place"' not in browser.get(f"/tickets/{ticket.reference}/").content.decode()
    every = browser.get(f"/tickets/{ticket.reference}/?open=environment").content.decode()
    assert 'name="environment.till-sdk"' in every and 'value="5.8.2"' in every


def test_a_wrong_answer_comes_back_with_the_typed_text(browser, questions, ticket):
    answer = browser.post(
        f"/tickets/{ticket.reference}/environment/", {"environment.till-sdk": "the new one"}
    )
    assert answer.status_code == 400 and "the new one" in answer.content.decode()


def test_the_new_form_asks_what_is_missing(browser, answered):
    chosen = {"application": "payments", "organisation": "acme", "subject": ""}
    part = browser.get("/tickets/new/consequences/", chosen).content.decode()
    assert 'name="environment.place"' in part and "hx-swap-oob" in part
    assert 'name="environment.till-sdk"' not in part and "5.8.2" in part
    asked = part.split('name="asked" value="')[1].split('"')[0]
    again = browser.get("/tickets/new/consequences/", {**chosen, "asked": asked}).content.decode()
    assert "hx-swap-oob" not in again


def test_the_new_form_keeps_the_answers(browser, questions, desk):
    facts = {"subject": "s", "channel": "phone", "kind": "issue", "impact": "medium", "urgency": "medium"}
    about = {"application": "payments", "requester": desk.casey.email}
    refused = browser.post("/tickets/new/", {**facts, **about, "environment.till-sdk": "six"})
    assert refused.status_code == 400 and 'value="six"' in refused.content.decode()
    assert browser.post("/tickets/new/", {**facts, **about, "environment.till-sdk": "6.0"}).status_code == 302
    assert values(desk.acme, desk.payments)["till-sdk"] == "6.0"


def test_the_portal_asks_customers_what_is_missing(client, casey, desk, answered):
    desk.acme.applications.add(desk.payments)
    client.force_login(casey)
    page = client.get("/portal/new/?application=payments").content.decode()
    assert 'name="environment.place"' in page and 'name="environment.till-sdk"' not in page
    facts = {
        "subject": "s",
        "kind": "issue",
        "impact": "medium",
        "urgency": "medium",
        "application": "payments",
    }
    assert client.post("/portal/new/", {**facts, "environment.place": "Live"}).status_code == 302
    assert values(desk.acme, desk.payments)["place"] == "Live"


def test_questions_and_answers_through_the_api(desk, root, ana):
    admin, analyst = Api(token_for("root", "read", "write", "admin")), Api(token_for("ana"))
    asked = {"application": "payments", "key": "till-sdk", "text": "Till SDK", "type": "version"}
    made = admin.post("/questions/", asked)
    assert made.status_code == 201
    problem(admin.post("/questions/", asked), 409)
    problem(admin.post("/questions/", {**asked, "key": "k", "choices": ["a"]}), 400)
    problem(admin.post("/questions/", {**asked, "key": "k", "type": "choice"}), 400)
    said = {"organisation": "acme", "question": made.json()["id"], "value": "5.8.1"}
    assert analyst.post("/environment-answers/", said).status_code == 201
    assert analyst.post("/environment-answers/", {**said, "value": "5.8.2"}).json()["before"] == "5.8.1"
    problem(analyst.post("/environment-answers/", {**said, "value": "new"}), 400)
    found = analyst.get("/environment-answers/?organisation=acme&application=payments").json()["results"]
    assert [(row["key"], row["value"]) for row in found] == [("till-sdk", "5.8.2")]


def test_a_risk_brings_security_with_it_once(ticket, by, ana):
    assert operations.create(subject="s", risk="Open port", by=by(ana)).areas == ["security"]
    edited = operations.edit(ticket.reference, values={"risk": "Weak key"}, by=by(ana))
    assert edited.areas == ["security"]
    cleared = operations.edit(ticket.reference, values={"areas": ["code"]}, by=by(ana))
    assert cleared.areas == ["code"]
    again = operations.edit(ticket.reference, values={"risk": "Weak key, likely"}, by=by(ana))
    assert again.areas == ["code"]


def test_the_page_with_its_questionnaire_stays_within_its_queries(
    browser, answered, ticket, django_assert_max_num_queries
):
    browser.get(f"/tickets/{ticket.reference}/")
    with django_assert_max_num_queries(25):
        assert browser.get(f"/tickets/{ticket.reference}/").status_code == 200
