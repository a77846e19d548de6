import pytest

from tickets import operations, queries
from tickets.models import Entry, Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client, ana):
    client.force_login(ana)
    return client


def test_the_queue_shows_the_ticket_with_its_place(browser, ticket):
    page = browser.get("/tickets/")
    assert page.status_code == 200
    assert "Card payments rejected" in page.content.decode()


def test_every_view_and_filter_answers(browser, ticket):
    for view in ("triage", "breaching", "replied", "waiting", "mine", "escalated", "all"):
        assert browser.get("/tickets/", {"view": view}).status_code == 200
    assert "Card payments" in browser.get("/tickets/?organisation=acme&priority=P2").content.decode()
    assert "No ticket fits" in browser.get("/tickets/?priority=P0").content.decode()
    assert "is none of" in browser.get("/tickets/?priority=P9").content.decode()


def test_typed_tokens_become_a_link_that_can_be_shared(browser, ticket):
    answer = browser.get("/tickets/", {"q": "tier:1 payments", "view": "all"})
    assert answer.url == "/tickets/?view=all&tier=1&search=payments"
    assert "Card payments" in browser.get(answer.url).content.decode()


def test_the_list_answers_nothing_while_nothing_changed(browser, ticket, by, ana):
    rows = browser.get("/tickets/?part=rows")
    seen = rows.content.decode().split('data-seen="')[1].split('"')[0]
    assert browser.get("/tickets/", {"part": "rows", "seen": seen}).status_code == 204
    operations.take(ticket.reference, by=by(ana))
    assert browser.get("/tickets/", {"part": "rows", "seen": seen}).status_code == 200


def test_a_ticket_is_created_from_the_form(browser, desk):
    answer = browser.post(
        "/tickets/new/",
        {
            "subject": "Phone call",
            "requester": "new@caller.example",
            "requester_name": "New Caller",
            "channel": "phone",
            "kind": "issue",
            "impact": "high",
            "urgency": "high",
            "application": "payments",
        },
    )
    made = Ticket.objects.get()
    assert answer.url == f"/tickets/{made.reference}/"
    assert (made.priority, made.requester.name, made.channel) == ("P0", "New Caller", "phone")


def test_a_form_with_an_error_keeps_what_was_typed(browser, desk):
    page = browser.post(
        "/tickets/new/", {"subject": "", "description": "Long story kept", "channel": "phone"}
    )
    assert page.status_code == 422
    assert "Long story kept" in page.content.decode()


def test_the_page_of_a_ticket_and_its_dialogs(browser, ticket):
    assert browser.get(f"/tickets/{ticket.reference}/").status_code == 200
    for verb in ("assign", "escalate", "wait", "hold", "resolve", "priority", "link", "edit", "time"):
        assert browser.get(f"/tickets/{ticket.reference}/?open={verb}").status_code == 200
    assert browser.get(f"/tickets/{ticket.reference}/preview/").status_code == 200
    assert browser.get("/tickets/new/consequences/?impact=high&urgency=low&subject=card").status_code == 200


def test_verbs_work_as_plain_forms(browser, ticket):
    def post(verb, **data):
        return browser.post(f"/tickets/{ticket.reference}/{verb}/", data)

    assert post("take").status_code == 302
    assert post("reply", kind="reply", text="On it").status_code == 302
    assert post("reply", kind="note", text="For us").status_code == 302
    assert post("wait", reason="Terminal number").status_code == 302
    assert post("resume").status_code == 302
    assert post("time", minutes=5, activity="triage").status_code == 302
    handoff = {"summary": "s", "business_impact": "b", "tried": "t", "no_sop": "on"}
    assert post("escalate", from_tier=1, **handoff).status_code == 302
    assert post("hand_back", from_tier=2, reason="r", next="n").status_code == 302
    assert post("priority", priority="P1", reason="Board").status_code == 302
    assert post("resolve", code="fixed", note="Done").status_code == 302
    assert post("close").status_code == 302
    assert post("reopen", reason="Again").status_code == 302
    assert queries.fresh(ticket).status == "open"


def test_a_refused_verb_shows_the_dialog_again_with_the_typed_text(browser, ticket):
    page = browser.post(
        f"/tickets/{ticket.reference}/escalate/", {"from_tier": 1, "summary": "My long summary"}
    )
    text = page.content.decode()
    assert page.status_code == 400
    assert "My long summary" in text and "Say what the customer cannot do." in text


def test_a_second_sender_keeps_the_text_and_sees_the_first(browser, ticket, eli, by):
    operations.reply(ticket.reference, body="Eli was faster", public=True, by=by(eli))
    page = browser.post(
        f"/tickets/{ticket.reference}/reply/", {"kind": "reply", "text": "My own answer", "last_seen": 0}
    )
    text = page.content.decode()
    assert page.status_code == 409
    assert "My own answer" in text and "Eli was faster" in text
    assert Entry.objects.count() == 1


def test_customers_and_strangers_meet_no_staff_page(client, ticket, casey):
    assert client.get("/tickets/").status_code == 302
    client.force_login(casey)
    for path in ("/tickets/", "/tickets/new/", f"/tickets/{ticket.reference}/", "/search/?q=card"):
        assert client.get(path).status_code == 404


def test_a_note_does_not_reach_who_may_not_read_it(client, ticket, kim, ana, by):
    operations.reply(ticket.reference, body="canary-note", public=False, by=by(ana))
    client.force_login(kim)
    for path in (f"/tickets/{ticket.reference}/", f"/tickets/{ticket.reference}/preview/"):
        answer = client.get(path)
        assert answer.status_code == 200 and b"canary-note" not in answer.content
    assert b"Nothing found" in client.get("/search/?q=canary").content


def test_search_finds_and_a_reference_leads_to_the_page(browser, ticket):
    assert f"/tickets/{ticket.reference}/".encode() in browser.get("/search/?q=rejected+paym").content
    assert browser.get(f"/search/?q={ticket.reference.lower()}").url == f"/tickets/{ticket.reference}/"


@pytest.mark.parametrize("path", ["/tickets/", "/tickets/TKT-1/"])
def test_pages_cost_the_same_however_many_rows(browser, desk, ana, by, path, django_assert_max_num_queries):
    first = operations.create(subject="First", requester=desk.casey, by=by(ana))
    path = path.replace("TKT-1", first.reference)
    browser.get(path)
    with django_assert_max_num_queries(24) as few:
        browser.get(path)
    for n in range(30):
        operations.create(subject=f"More {n}", requester=desk.casey, by=by(ana))
    for n in range(10):
        operations.reply(first.reference, body=f"Reply {n}", public=True, by=by(ana))
    with django_assert_max_num_queries(24) as many:
        browser.get(path)
    assert len(many) <= len(few) + 1
