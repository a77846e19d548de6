"""What customers meet: their own requests in plain words, and nothing of what the desk keeps to itself."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from catalogue.models import Application
from core.audit import delivery
from core.common import clock
from core.outbox.models import OutgoingMessage
from core.timers import sweeps
from customers.models import Contact
from tickets import operations
from tickets.models import Entry, Ticket
from tickets.rules import Handoff

pytestmark = pytest.mark.django_db

NEVER = [
    r"canary",
    r"\bP[0-3]\b",
    r"\bSEV ?\d",
    r"\bL[1-5]\b",
    r"Front line",
    r"Platform",
    r"\bEli\b",
    r"[Ee]scalat",
    r"[Tt]ier\b",
    r"[Ss]everity",
    r"[Pp]riority",
    r"strategic",
    r"[Oo]verdue",
    r"/tickets/",
]


@pytest.fixture
def browser(client, casey):
    client.force_login(casey)
    return client


@pytest.fixture
def asked(desk, casey, by):
    """Casey's own request."""
    return operations.create(subject="Cards fail", description="Since 14:02.", by=by(casey))


@pytest.fixture
def colleague(desk, django_user_model):
    """Another person at Casey's company, with a ticket of theirs to make."""
    return Contact.objects.create(organisation=desk.acme, name="Cora Colleague", email="cora@acme.example")


def words_of(answer):
    """The page's text and markup without the drawings and the one-time token, which hold random letters."""
    text = re.sub(r'<svg class="sprite".*?</svg>', "", answer.content.decode(), flags=re.DOTALL)
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text)


def new_request(**changes):
    return {
        "kind": "issue", "subject": "Refunds stuck", "description": "Since nine.", "application": "payments",
        "impact": "high", "urgency": "high", **changes,
    }  # fmt: skip


def test_the_start_page_leads_customers_and_staff_to_their_own(client, casey, ana, desk):
    assert client.get("/").url == "/accounts/login/?next=/"
    client.force_login(ana)
    assert client.get("/").url == "/tickets/"
    client.force_login(casey)
    assert client.get("/").url == "/portal/"


def test_strangers_sign_in_first_and_staff_land_on_their_own_pages(client, ana, asked):
    assert client.get("/portal/").url == "/accounts/login/?next=/portal/"
    client.force_login(ana)
    assert client.get("/portal/").url == "/tickets/"
    assert client.get("/portal/new/").url == "/tickets/"
    assert client.get(f"/portal/{asked.reference}/").url == f"/tickets/{asked.reference}/"
    assert client.post(f"/portal/{asked.reference}/reply/", {"text": "x"}).url.startswith("/tickets/")
    assert not Entry.objects.exists()


def test_the_list_shows_open_requests_first_in_public_words(browser, desk, casey, ana, by):
    me = by(casey)
    operations.create(subject="Fresh one", by=me)
    taken = operations.create(subject="Taken one", by=me)
    waiting = operations.create(subject="Waiting one", by=me)
    solved = operations.create(subject="Solved one", by=me)
    operations.resolve(solved.reference, code="fixed", note="Done", by=by(ana))
    operations.take(taken.reference, by=by(ana))
    operations.wait(waiting.reference, reason="canary", by=by(ana))
    text = words_of(browser.get("/portal/"))
    places = [text.index(f"{name} one") for name in ("Waiting", "Taken", "Fresh", "Solved")]
    assert places == sorted(places)
    for stage in ("Received", "Looking into it", "Waiting for you", "Solved"):
        assert stage in text


def test_pages_of_the_list_follow_each_other_without_gap(browser, desk, casey, by):
    for n in range(30):
        operations.create(subject=f"Request no {n:02}", by=by(casey))
    first = browser.get("/portal/").content.decode()
    second = browser.get("/portal/" + re.search(r'href="(\?cursor=[^"]+)"', first)[1]).content.decode()
    seen = re.findall(r"Request no (\d\d)", first) + re.findall(r"Request no (\d\d)", second)
    assert seen == [f"{n:02}" for n in reversed(range(30))]
    assert browser.get("/portal/?cursor=nonsense").status_code == 400


def test_a_request_is_sent_and_found_again(browser, desk):
    desk.acme.applications.add(desk.payments)
    files = [SimpleUploadedFile("screen.png", b"png", content_type="image/png")]
    answer = browser.post("/portal/new/", {**new_request(), "files": files})
    made = Ticket.objects.get()
    assert answer.url == f"/portal/{made.reference}/"
    assert (made.requester, made.organisation, made.channel) == (desk.casey, desk.acme, "portal")
    assert (made.kind, made.priority, made.application) == ("issue", "P0", desk.payments)
    text = browser.get(answer.url).content.decode()
    assert "Since nine." in text and "screen.png" in text and f"reference is {made.reference}" in text
    file = browser.get(re.search(r'href="(/files/\d+/)"', text)[1])
    assert b"".join(file.streaming_content) == b"png"
    file.close()


def test_only_the_applications_of_ones_own_company_are_offered_and_taken(browser, desk):
    Application.objects.create(slug="secret", name="Other product")
    desk.acme.applications.add(desk.payments)
    text = browser.get("/portal/new/").content.decode()
    assert "Payments" in text and "Other product" not in text
    assert browser.post("/portal/new/", new_request(application="secret")).status_code == 422
    assert not Ticket.objects.exists()


def test_a_refused_request_keeps_what_was_typed(browser, desk):
    page = browser.post("/portal/new/", new_request(subject=" ", description="My long story", application=""))
    text = page.content.decode()
    assert page.status_code == 422
    assert "My long story" in text and "Say in one sentence" in text
    too_long = browser.post("/portal/new/", new_request(description="x" * 70_000, application=""))
    assert too_long.status_code == 400 and "longer than 64 KB" in too_long.content.decode()


def test_a_customer_answers_and_the_desk_goes_on(browser, asked, ana, by):
    operations.wait(asked.reference, reason="Terminal", by=by(ana))
    answer = browser.post(f"/portal/{asked.reference}/reply/", {"text": "It is terminal 7"})
    said = Entry.objects.get()
    assert answer.url == f"/portal/{asked.reference}/#entry-{said.pk}"
    assert (said.kind, said.channel, said.body) == ("customer_message", "portal", "It is terminal 7")
    asked.refresh_from_db()
    assert asked.status == "open"


def test_an_empty_answer_is_asked_for_and_files_are_named_as_lost(browser, asked):
    page = browser.post(
        f"/portal/{asked.reference}/reply/", {"text": " ", "files": SimpleUploadedFile("a.txt", b"a")}
    )
    text = page.content.decode()
    assert page.status_code == 422
    assert "Write your message" in text and "Choose your files again" in text
    assert not Entry.objects.exists()


def test_a_refused_answer_keeps_what_was_typed(browser, asked):
    page = browser.post(f"/portal/{asked.reference}/reply/", {"text": "kept " * 14_000})
    assert page.status_code == 400
    assert "kept kept" in page.content.decode()


def test_it_works_again_says_so_in_words(browser, asked):
    browser.post(f"/portal/{asked.reference}/reply/", {"text": "Thank you", "works": "on"})
    assert Entry.objects.get().body == "It works again.\n\nThank you"
    assert "We close the request" in browser.get(f"/portal/{asked.reference}/").content.decode()


def test_a_message_opens_a_solved_request_again(browser, asked, ana, by):
    operations.resolve(asked.reference, code="fixed", note="Done", by=by(ana))
    assert "Open again" in browser.get(f"/portal/{asked.reference}/").content.decode()
    page = browser.post(f"/portal/{asked.reference}/reply/", {"text": "Still fails"}, follow=True)
    asked.refresh_from_db()
    assert asked.status == "open"
    assert "Your request is open again." in page.content.decode()


def test_long_closed_requests_lead_to_a_new_one(browser, asked):
    past = clock.now() - timedelta(days=15)
    Ticket.objects.filter(pk=asked.pk).update(status="closed", resolved_at=past, closed_at=past)
    text = browser.get(f"/portal/{asked.reference}/").content.decode()
    assert "opens a new one" in text and "Open again" not in text
    again = browser.get("/portal/new/", {"about": asked.reference}).content.decode()
    assert "Cards fail" in again and f"goes on from {asked.reference}" in again
    late = browser.post(f"/portal/{asked.reference}/reply/", {"text": "It happens again"})
    assert late.url == f"/portal/{Ticket.objects.latest('pk').reference}/" != f"/portal/{asked.reference}/"


def test_nothing_of_the_desks_own_reaches_the_bytes(browser, desk, casey, ana, eli, by):
    asked = operations.create(
        subject="Cards fail", description="Since 14:02.", component=desk.gateway, by=by(casey)
    )
    ref, desk_person = asked.reference, by(ana)
    operations.edit(
        ref, values={"severity": "SEV1", "risk": "canary-risk", "tags": ["canary-tag"]}, by=desk_person
    )
    operations.reply(ref, body="We look into it", public=True, by=desk_person)
    note = [SimpleUploadedFile("canary-file.txt", b"x")]
    operations.reply(ref, body="canary-note", public=False, files=note, by=desk_person)
    handoff = Handoff("canary", "canary", "canary", no_sop=True)
    operations.escalate(ref, from_tier=1, handoff=handoff, by=desk_person)
    operations.hold(ref, reason="vendor", note="canary-hold", by=desk_person)
    Entry.objects.create(
        ticket=asked, kind="system", author_label="System", body="canary", body_html="<p>canary</p>",
        created_at=clock.now(),
    )  # fmt: skip
    for path in ("/portal/", "/portal/new/", f"/portal/new/?about={ref}", f"/portal/{ref}/"):
        text = words_of(browser.get(path))
        assert [word for word in NEVER if re.search(word, text)] == [], path
    page = words_of(browser.get(f"/portal/{ref}/"))
    assert "We look into it" in page and "Ana Alves" in page


def test_what_one_may_not_see_does_not_exist(browser, desk, colleague, drew, ana, by):
    Contact.objects.filter(pk=desk.casey.pk).update(sees_organisation=True)
    foreign = operations.create(subject="Bolt's own", by=by(drew))
    secret = operations.create(subject="Not for Casey", requester=colleague, confidential=True, by=by(ana))
    shared = operations.create(subject="Cora asks", requester=colleague, by=by(ana))
    for hidden in (foreign, secret):
        assert browser.get(f"/portal/{hidden.reference}/").status_code == 404
        assert browser.post(f"/portal/{hidden.reference}/reply/", {"text": "x"}).status_code == 404
        assert browser.get("/portal/new/", {"about": hidden.reference}).status_code == 404
    listed = browser.get("/portal/").content.decode()
    assert "Cora asks" in listed and "by Cora Colleague" in listed
    assert "Bolt" not in listed and "Not for Casey" not in listed
    assert "Asked by" in browser.get(f"/portal/{shared.reference}/").content.decode()
    assert not Entry.objects.exists()


def test_a_colleagues_request_needs_the_right_to_see_the_company(browser, desk, colleague, ana, by):
    shared = operations.create(subject="Cora asks", requester=colleague, by=by(ana))
    assert browser.get(f"/portal/{shared.reference}/").status_code == 404


def test_a_customer_whom_nobody_connected_is_told_so(browser, casey):
    for path in ("/portal/", "/portal/new/", "/portal/TKT-1/"):
        page = browser.get(path)
        assert page.status_code == 403
        assert "not connected yet" in page.content.decode()
    assert browser.post("/portal/new/", new_request()).status_code == 403


def test_long_conversations_come_in_pages(browser, asked, ana, by):
    for n in range(60):
        operations.reply(asked.reference, body=f"Word no {n:02}", public=True, by=by(ana))
    path = f"/portal/{asked.reference}/"
    newest = browser.get(path).content.decode()
    earlier = browser.get(path + re.search(r'href="(\?cursor=[^"]+)"', newest)[1]).content.decode()
    assert re.findall(r"Word no (\d\d)", earlier + newest) == [f"{n:02}" for n in range(60)]
    assert "Since 14:02." in earlier and "Since 14:02." not in newest
    assert 'id="reply"' in newest and 'id="reply"' not in earlier


@pytest.mark.parametrize("path", ["/portal/", "/portal/REF/", "/portal/new/"])
def test_pages_cost_the_same_however_much_there_is(
    browser, asked, ana, casey, by, path, django_assert_max_num_queries
):
    path = path.replace("REF", asked.reference)
    browser.get(path)
    with django_assert_max_num_queries(12) as few:
        browser.get(path)
    for n in range(10):
        operations.create(subject=f"More {n}", by=by(casey))
        operations.reply(asked.reference, body=f"Reply {n}", public=True, by=by(ana))
    with django_assert_max_num_queries(12) as many:
        browser.get(path)
    assert len(many) <= len(few)


def test_mail_to_the_customer_leads_to_the_customers_page(browser, asked, ana, by):
    operations.reply(asked.reference, body="On it", public=True, by=by(ana))
    sweeps.run(delivery.SWEEP)
    for mail in OutgoingMessage.objects.filter(topic__in=["ticket.reply", "ticket.acknowledged"]):
        assert browser.get(re.search(r"https?://[^/]+(/\S+)", mail.text)[1]).status_code == 200
    assert OutgoingMessage.objects.filter(topic="ticket.reply").exists()


def test_a_page_that_is_not_there_offers_only_what_customers_have(browser, asked):
    page = browser.get("/portal/TKT-999999/")
    assert page.status_code == 404
    assert "/search/" not in page.content.decode()
