"""Presence and drafts: soft, and never lost."""

from datetime import timedelta

import pytest
import time_machine

from core.common.errors import NotFound
from tickets import operations, presence
from tickets.models import Ticket
from worklog import queries as worklog
from worklog.models import Draft

pytestmark = pytest.mark.django_db


def here(client, ticket, **data):
    return client.post(f"/tickets/{ticket.reference}/here/", data)


def test_others_see_who_views_and_who_writes(client, ticket, by, ana, eli):
    client.force_login(eli)
    here(client, ticket, writing="note")
    assert [one.doing for one in presence.here([ticket], by(ana))[ticket.pk]] == [
        "is writing an internal note"
    ]
    client.force_login(ana)
    assert "Eli Engel is writing an internal note" in here(client, ticket).content.decode()
    assert "Ana Alves" not in here(client, ticket).content.decode()  # not oneself


def test_it_is_gone_after_forty_seconds(ticket, by, ana, eli, lea):
    with time_machine.travel("2026-11-23 10:00:00+00:00", tick=False) as machine:
        presence.beat(ticket, by(eli))
        machine.shift(timedelta(seconds=30))
        presence.beat(ticket, by(lea))  # another's beat keeps nobody else
        machine.shift(timedelta(seconds=10))
        assert [one.name for one in presence.here([ticket], by(ana))[ticket.pk]] == ["Eli Engel", "Lea Lind"]
        machine.shift(timedelta(seconds=1))
        assert [one.name for one in presence.here([ticket], by(ana))[ticket.pk]] == ["Lea Lind"]


def test_the_list_and_the_page_show_it(client, ticket, by, ana, eli):
    presence.beat(ticket, by(eli), writing="reply")
    client.force_login(ana)
    assert "Eli Engel" in client.get("/tickets/").content.decode()
    assert "Eli Engel is writing a reply" in client.get(f"/tickets/{ticket.reference}/").content.decode()


def test_the_list_refreshes_when_somebody_comes(client, ticket, by, ana, eli):
    client.force_login(ana)
    seen = client.get("/tickets/?part=rows").context["digest"]
    assert client.get("/tickets/", {"part": "rows", "seen": seen}).status_code == 204
    presence.beat(ticket, by(eli))
    assert "Eli Engel" in client.get("/tickets/", {"part": "rows", "seen": seen}).content.decode()


def test_nobody_is_present_on_what_they_may_not_see(client, ticket, by, ana, eli):
    operations.watch(ticket.reference, by=by(ana))
    operations.edit(ticket.reference, values={"confidential": True}, by=by(ana))
    client.force_login(eli)
    assert here(client, ticket).status_code == 404
    assert presence.here([ticket], by(ana)) == {}


def draft(client, ticket, text, kind="reply", mark=""):
    data = {"text": text, "kind": kind, "mark": mark}
    return client.post(f"/tickets/{ticket.reference}/draft/", data).status_code


def test_a_draft_is_there_on_another_machine_as_what_it_was(client, ticket, by, ana):
    client.force_login(ana)
    assert draft(client, ticket, "Half a sent") == 204
    assert draft(client, ticket, "Half a secret sentence", kind="note") == 204
    page = client.get(f"/tickets/{ticket.reference}/").content.decode()
    assert "Half a secret sentence</textarea>" in page
    assert 'value="note" data-vis="note" checked' in page  # never offered to the customer
    assert Draft.objects.count() == 1


def test_a_draft_is_its_authors_alone(client, ticket, ana, eli):
    client.force_login(ana)
    draft(client, ticket, "Half a sentence")
    client.force_login(eli)
    assert "Half a sentence" not in client.get(f"/tickets/{ticket.reference}/").content.decode()


def test_sending_drops_the_draft_and_a_late_copy_does_not_come_back(client, ticket, by, ana):
    client.force_login(ana)
    mark = client.get(f"/tickets/{ticket.reference}/").context["composer"].mark
    for kind in ("note", "reply"):
        draft(client, ticket, "All of it", kind)
        client.post(f"/tickets/{ticket.reference}/reply/", {"kind": kind, "text": "All of it"})
        assert worklog.draft_of(ticket, by(ana)) is None
        assert draft(client, ticket, "All of it", kind, mark) == 409
    assert Draft.objects.count() == 0


def test_an_empty_text_drops_the_draft(client, ticket, ana):
    client.force_login(ana)
    draft(client, ticket, "Something")
    assert draft(client, ticket, "  ") == 204
    assert Draft.objects.count() == 0


def test_no_draft_on_what_one_may_not_see(ticket, by, drew):
    with pytest.raises(NotFound):
        operations.keep_draft(ticket.reference, form="reply", text="x", by=by(drew))
    assert Ticket.objects.count() == 1
