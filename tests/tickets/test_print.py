"""A ticket on paper."""

import pytest

from tickets import operations

pytestmark = pytest.mark.django_db


@pytest.fixture
def said(ticket, by, ana):
    operations.reply(ticket.reference, body="We look into it", public=True, by=by(ana))
    operations.reply(ticket.reference, body="CANARY of the note", public=False, by=by(ana))
    return operations.edit(ticket.reference, values={"risk": "CANARY of the risk"}, by=by(ana))


@pytest.fixture
def browser(client, ana):
    client.force_login(ana)
    return client


def test_the_paper_of_the_desk_marks_its_notes(browser, said):
    page = browser.get(f"/tickets/{said.reference}/print/").content.decode()
    assert "We look into it" in page and "Since 14:02 every card fails" in page
    assert "CANARY of the note" in page and "Internal note, not for the customer" in page
    assert "CANARY of the risk" in page and "Holds internal notes" in page


def test_the_paper_for_the_customer_holds_nothing_of_ours(browser, said):
    page = browser.get(f"/tickets/{said.reference}/print/?public=1").content.decode()
    assert "We look into it" in page and "CANARY" not in page
    sheet = page.partition("<article")[2].partition("</article>")[0]
    assert not [word for word in ("P2", "Priority", "Front line", "Internal", "L1") if word in sheet]


def test_who_reads_no_notes_prints_none(client, kim, said):
    client.force_login(kim)
    page = client.get(f"/tickets/{said.reference}/print/").content.decode()
    assert "We look into it" in page and "CANARY" not in page


def test_the_ticket_leads_to_its_paper(browser, said):
    assert f"/tickets/{said.reference}/print/" in browser.get(f"/tickets/{said.reference}/").content.decode()
