import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from changes.models import Change
from customers.models import Contact, ImpactNote
from incidents import operations
from incidents.models import Incident, Update
from problems.operations import raise_problem
from tests.incidents.conftest import at
from tickets import operations as tickets

pytestmark = pytest.mark.django_db


@pytest.fixture
def url(declared):
    return f"/incidents/{declared.reference}/"


@pytest.fixture
def as_ira(client, ira):
    client.force_login(ira)
    return client


def text(answer):
    return answer.content.decode()


def test_a_title_declares_on_one_short_form(as_ira, traveller):
    page = text(as_ira.get("/incidents/declare/"))
    key = re.search(r'name="form_key" value="([^"]+)"', page)[1]

    answer = as_ira.post("/incidents/declare/", {"title": "Tills are dead", "form_key": key})

    incident = Incident.objects.get()
    assert answer.url == f"/incidents/{incident.reference}/"
    assert incident.updates.get().kind == Update.Kind.ACKNOWLEDGEMENT


def test_the_same_button_pressed_twice_declares_one(as_ira):
    sent = {"title": "Tills are dead", "form_key": "5f6f5a3e-3a5e-4a8f-8a51-0c6a3c6f0a01"}

    answers = [as_ira.post("/incidents/declare/", sent) for _ in range(2)]

    assert answers[0].url == answers[1].url
    assert Incident.objects.count() == 1


def test_what_was_typed_is_kept_when_the_title_is_missing(as_ira):
    answer = as_ira.post(
        "/incidents/declare/",
        {"summary": "Nobody can pay", "form_key": "5f6f5a3e-3a5e-4a8f-8a51-0c6a3c6f0a01"},
    )

    assert answer.status_code == 422
    assert "Nobody can pay" in text(answer)


def test_the_command_page_shows_everything_in_one_view(as_ira, url, declared):
    page = text(as_ira.get(url))

    for shown in (
        declared.title,
        "Send update 2",
        "No change",
        "Service restored",
        "Take it",
        "Changed lately",
        f'data-due="{int(at("10:17").timestamp())}"',
    ):
        assert shown in page, shown
    assert " style=" not in page


def test_the_page_costs_at_most_25_queries_with_everything_on_it(
    as_ira, url, declared, ira, ana, eli, by, payments, acme
):
    """Restored, with tickets that are asked about, a judged change of long ago, children, and what went into it."""
    me, long_ago = by(ira), at("10:02") - timedelta(days=30)
    for number in range(3):
        other = operations.declare(title=f"Also {number}", by=me)
        operations.merge(other.reference, into=declared.reference, by=me)
        child = operations.declare(title=f"Part {number}", by=me)
        operations.set_parent(child.reference, parent=declared.reference, by=me)
        for started in (long_ago, at("09:02")):
            change = Change.objects.create(title="Nodes", created_at=long_ago, started_at=started, author=eli)
            change.applications.add(payments)
            operations.suspect_change(declared.reference, change=change.reference, by=me)
        note = {"organisation": acme, "application": payments, "stops": "No sales."}
        ImpactNote.objects.create(
            contact=Contact.objects.create(name="C", email=f"c{number}@x.example"), **note
        )
        raise_problem(declared.reference, by=me) if not number else None
    operations.declare_restored(declared.reference, body="Works.", severity="SEV2", by=me)
    for number in range(3):
        asker = Contact.objects.get(email=f"c{number}@x.example")
        ticket = tickets.create(subject="Till", requester=asker, by=by(ana))
        operations.link_work(declared.reference, to=ticket.reference, by=me)
    as_ira.get(url)

    with CaptureQueriesContext(connection) as queries:
        page = text(as_ira.get(url))

    assert "3 tickets came after" in page and "Also 2" in page and "Part 2" in page
    assert len(queries) <= 25


def test_ids_on_the_page_are_unique(as_ira, url):
    ids = re.findall(r'\sid="([^"]+)"', text(as_ira.get(url)))

    assert len(ids) == len(set(ids)), sorted(name for name in ids if ids.count(name) > 1)


def test_an_update_is_sent_and_the_next_one_starts_from_it(as_ira, url, declared):
    answer = as_ira.post(
        f"{url}update/",
        {
            "number": 2,
            "status": "identified",
            "affected": "Shops",
            "what": "A node is out",
            "workaround": "Cash",
        },
    )

    assert answer.status_code == 302
    declared.refresh_from_db()
    assert (declared.status, declared.update_count) == ("identified", 2)
    page = text(as_ira.get(url))
    assert "A node is out</textarea>" in page and "Cash</textarea>" in page


def test_a_second_click_sends_nothing_and_keeps_the_text(as_ira, url):
    sent = {"number": 2, "status": "investigating", "affected": "Shops", "what": "A node is out"}
    as_ira.post(f"{url}update/", sent)

    answer = as_ira.post(f"{url}update/", {**sent, "what": "A node is out, still"})

    assert answer.status_code == 409
    assert "A node is out, still</textarea>" in text(answer)
    assert "Update 2 was sent at 10:02 UTC by Ira Ivers" in text(answer)
    assert 'name="number" value="3"' in text(answer)
    assert Update.objects.count() == 2


def test_a_holding_update_that_went_out_meanwhile_does_not_stop_the_writer(as_ira, url, declared, run_until):
    run_until("10:17", "10:17")

    as_ira.post(
        f"{url}update/",
        {"number": 2, "status": "investigating", "affected": "Shops", "what": "A node is out"},
    )

    assert [u.kind for u in declared.updates.order_by("number")] == ["acknowledgement", "holding", "update"]


def test_no_change_is_one_click(as_ira, url, declared):
    as_ira.post(f"{url}no_change/", {"number": 2})

    update = declared.updates.get(number=2)
    assert update.kind == Update.Kind.UPDATE
    assert update.body.startswith("No change since 10:02 UTC.")


def test_a_role_that_was_taken_is_not_taken_again(client, as_ira, eli, url, declared):
    as_ira.post(f"{url}take_role/", {"role": "scribe"})
    client.force_login(eli)

    answer = client.post(f"{url}take_role/", {"role": "scribe"})

    assert answer.status_code == 409
    assert "Ira Ivers is scribe already" in text(answer)


def test_restoring_without_a_severity_asks_for_it_in_the_dialog(as_ira, url, declared):
    answer = as_ira.post(f"{url}restore/", {"body": "Cards work."})

    assert answer.status_code == 400
    assert re.search(r'<dialog id="restore"[^>]* open', text(answer))
    assert "Cards work.</textarea>" in text(answer)
    as_ira.post(f"{url}restore/", {"body": "Cards work.", "severity": "SEV1"})
    declared.refresh_from_db()
    assert declared.status == "restored"
    assert "Service restored" in text(as_ira.get(url))


def test_an_analyst_has_no_button_to_restore_and_no_right_to(client, ana, url):
    client.force_login(ana)

    assert 'data-open="restore"' not in text(client.get(url))
    assert client.post(f"{url}restore/", {"body": "Works"}).status_code == 403


def test_a_back_dated_entry_shows_both_times(as_ira, url, traveller):
    traveller.move_to(at("10:40"))
    as_ira.post(
        f"{url}add_entry/", {"body": "Drain it", "kind": "decision", "happened_at": "2026-03-02T10:24"}
    )

    page = text(as_ira.get(url))

    assert re.search(r">10:24</time>.*?Drain it.*?written down 10:40", page, re.S)


def test_a_stale_edit_keeps_the_text_and_says_what_is_there_now(as_ira, url, declared, eli, by):
    operations.edit(declared.reference, changes={"title": "Cards fail in Ireland"}, by=by(eli))

    answer = as_ira.post(
        f"{url}edit/", {"title": "Cards fail", "started_at": "2026-03-02T10:02", "version": declared.version}
    )

    assert answer.status_code == 412
    assert 'value="Cards fail"' in text(answer)
    assert "Cards fail in Ireland" in text(answer)


def test_the_poll_is_empty_until_something_happened_and_never_holds_the_composer(
    as_ira, url, declared, ira, by
):
    page = text(as_ira.get(url))
    poll = re.search(r'hx-get="([^"]+/live/[^"]+)"', page)[1].replace("&amp;", "&")
    assert as_ira.get(poll).status_code == 204

    operations.add_entry(declared.reference, body="Node drained", by=by(ira))

    answer = as_ira.get(poll)
    assert "Node drained" in text(answer)
    assert "<textarea" not in text(answer)


def test_for_customers_the_pages_do_not_exist(client, casey, url):
    client.force_login(casey)

    for path in ("/incidents/", "/incidents/declare/", url, f"{url}live/"):
        assert client.get(path).status_code == 404, path
    assert client.post(f"{url}restore/", {"body": "Works"}).status_code == 404


def test_the_list_shows_what_runs_first(as_ira, declared, ira, by):
    other = operations.declare(title="Ledger is slow", severity="SEV3", by=by(ira))
    operations.declare_restored(other.reference, body="Fast again.", by=by(ira))

    page = text(as_ira.get("/incidents/"))

    assert page.index("Card payments fail") < page.rindex("Ledger is slow")
    assert "Running" in page and "Over" in page


def test_a_ticket_leads_to_the_running_incident_and_to_declaring_one(as_ira, declared, payments, ira, by):
    ticket = tickets.create(subject="Till 3 fails", application=payments, by=by(ira))

    page = text(as_ira.get(f"/tickets/{ticket.reference}/"))

    assert f"{declared.reference} Card payments fail" in page
    assert f"/incidents/declare/?ticket={ticket.reference}" in page
    form = text(as_ira.get(f"/incidents/declare/?ticket={ticket.reference}"))
    assert 'value="Till 3 fails"' in form


def test_the_command_page_costs_the_same_however_long_the_story(as_ira, url, declared, ira, by):
    def queries():
        with CaptureQueriesContext(connection) as context:
            assert as_ira.get(url).status_code == 200
        return len(context)

    queries()
    before = queries()
    for number in range(10):
        operations.send_update(declared.reference, what=f"News {number}", affected="Shops.", by=by(ira))
        operations.add_entry(declared.reference, body=f"Fact {number}", by=by(ira))
    assert queries() == before < 25


@pytest.mark.parametrize("zone", ["", "Asia/Tokyo", "America/New_York"])
@pytest.mark.parametrize(
    "typed", ["0001-01-01T00:00", "9999-12-31T23:59", "1969-12-31T23:59", "2200-01-01T00:00"]
)
def test_a_moment_of_an_impossible_year_is_refused(zone, typed, declared, client, ira, max):
    """It would be none at all in another reader's zone, and end the page for them."""
    ira.timezone = zone
    ira.save()
    client.force_login(ira)
    place = f"/incidents/{declared.reference}/"
    for verb, facts in [
        ("add_entry", {"body": "x", "kind": "observation", "happened_at": typed}),
        ("update", {"number": 2, "what": "x", "affected": "y", "next_update_at": typed}),
        ("restore", {"body": "x", "severity": "SEV2", "restored_at": typed}),
        ("edit", {"title": "x", "version": declared.version, "started_at": typed}),
    ]:
        assert client.post(f"{place}{verb}/", facts).status_code == 422, verb
    max.timezone = "America/New_York"
    max.save()
    client.force_login(max)
    assert client.get(place).status_code == 200
