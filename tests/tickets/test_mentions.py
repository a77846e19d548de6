"""Naming people in notes, watching, and what both may and may not do."""

import pytest

from core.accounts.models import RoleGrant, User
from core.accounts.permissions import Permission, can
from core.common.actor import Door
from core.common.vocabulary import Role
from core.outbox.models import OutgoingMessage
from core.timers import sweeps
from escalation.models import Membership
from tickets import mentions, operations, queries
from tickets.models import Entry, Ticket
from worklog import queries as worklog
from worklog.models import Mention

pytestmark = pytest.mark.django_db


def note(ticket, actor, body):
    return operations.reply(ticket.reference, body=body, public=False, by=actor)


def mailed(topic):
    sweeps.run_due()
    return list(OutgoingMessage.objects.filter(topic=topic).order_by("to").values_list("to", flat=True))


def test_an_address_names_nobody_and_a_name_counts_once():
    text = "@eli and @Eli, mail eli@desk.example, @lea."
    assert mentions.names(text) == ["eli", "lea"]


def test_who_is_named_watches_and_hears_of_it(ticket, by, ana, eli, lea):
    note(ticket, by(ana), "@eli can you look? @lea too. @nobody")
    assert {row.user for row in Mention.objects.all()} == {eli, lea}
    assert set(worklog.watchers_of(ticket)) == {eli, lea}
    assert mailed("ticket.mentioned") == ["eli@desk.example", "lea@desk.example"]
    text = OutgoingMessage.objects.filter(topic="ticket.mentioned").first().text
    assert "can you look" not in text  # the note stays on the page


def test_naming_never_lets_anybody_see_more(ticket, by, ana, eli, kim, casey):
    operations.edit(ticket.reference, values={"confidential": True}, by=by(ana))
    note(ticket, by(ana), "@eli @kim @casey look")
    assert Mention.objects.count() == 0
    assert not Ticket.objects.visible_to(by(eli)).exists()
    assert mailed("ticket.mentioned") == []


def test_who_does_not_read_notes_is_not_named_and_the_writer_is_told(client, ticket, by, ana, kim):
    client.force_login(ana)
    page = client.post(
        f"/tickets/{ticket.reference}/reply/", {"kind": "note", "text": "@kim @ana look"}, follow=True
    )
    assert Mention.objects.count() == 0  # nobody names themselves either
    assert "Not told: @kim." in page.content.decode()


def test_a_name_in_a_public_reply_names_nobody(ticket, by, ana, eli):
    operations.reply(ticket.reference, body="@eli looks at it", public=True, by=by(ana))
    assert Mention.objects.count() == 0


def test_where_one_was_named_is_a_view_until_one_has_looked(client, ticket, by, ana, eli):
    note(ticket, by(ana), "@eli look")
    view = queries.views(by(eli), ticket.created_at)["mentioned"][1]
    assert list(view) == [ticket]
    client.force_login(eli)
    client.post(f"/tickets/{ticket.reference}/here/")
    assert not view.all().exists()


def test_watchers_hear_of_messages_and_status_but_not_of_their_own(ticket, by, ana, eli, casey):
    for user in (ana, eli):
        operations.watch(ticket.reference, by=by(user))
    operations.wait(ticket.reference, reason="Number of the terminal", by=by(ana))
    assert mailed("ticket.watched") == ["eli@desk.example"]
    operations.reply(ticket.reference, body="Till 7", public=True, by=by(casey))
    assert mailed("ticket.watched") == ["ana@desk.example", "eli@desk.example", "eli@desk.example"]


def test_the_assignee_who_watches_hears_of_a_message_once(ticket, by, ana, casey):
    operations.take(ticket.reference, by=by(ana))
    operations.watch(ticket.reference, by=by(ana))
    operations.reply(ticket.reference, body="Till 7", public=True, by=by(casey))
    sweeps.run_due()
    assert OutgoingMessage.objects.filter(to="ana@desk.example").count() == 1


def test_who_watches_no_longer_hears_no_longer(ticket, by, ana, eli):
    operations.watch(ticket.reference, by=by(eli))
    operations.unwatch(ticket.reference, by=by(eli))
    operations.wait(ticket.reference, reason="Number", by=by(ana))
    assert mailed("ticket.watched") == []


def test_mail_about_a_confidential_ticket_hides_its_subject(ticket, by, ana, eli):
    operations.watch(ticket.reference, by=by(eli))
    operations.watch(ticket.reference, by=by(ana))
    operations.edit(ticket.reference, values={"confidential": True}, by=by(ana))
    note(ticket, by(ana), "@eli look")
    operations.wait(ticket.reference, reason="Number", by=by(ana))
    sweeps.run_due()
    sent = OutgoingMessage.objects.filter(topic__in=["ticket.watched", "ticket.mentioned"])
    assert sent.count() == 2
    assert not [m for m in sent if "Card payments" in m.subject + m.text]


def test_tags_are_edited_with_those_in_use_offered(client, ticket, by, ana, eli, desk):
    other = operations.create(subject="Other", tags=["weekend"], by=by(ana, Door.WEB))
    client.force_login(ana)
    assert "weekend" in client.get(f"/tickets/{ticket.reference}/?open=tags").content.decode()
    client.post(f"/tickets/{ticket.reference}/tags/", {"tags": ["weekend"], "new": "card, till  7,"})
    assert Ticket.objects.get(pk=ticket.pk).tags == ["weekend", "card", "till 7"]
    operations.edit(other.reference, values={"confidential": True, "tags": ["secretword"]}, by=by(ana))
    assert "secretword" not in queries.tags_in_use(by(eli))


def test_a_note_stays_a_note(ticket, by, ana, eli):
    assert note(ticket, by(ana), "@eli look").kind == Entry.Kind.INTERNAL_NOTE


# --- teams, and what the list under @ offers ---------------------------------------------------------------


def offered(ticket, actor, typed=""):
    return [one.name for one in mentions.offered(typed, ticket, actor)]


def test_a_team_is_named_by_its_short_name_and_all_of_it_hears(ticket, by, desk, ana, eli, lea):
    Membership.objects.create(team=desk.teams[1], user=lea)  # eli leads it
    note(ticket, by(ana), "@team-2 can you look? @eli, too")
    assert set(Mention.objects.values_list("user__username", flat=True)) == {"eli", "lea"}
    assert mailed("ticket.mentioned") == ["eli@desk.example", "lea@desk.example"]
    assert mentions.unheard("@team-2 @team-9", ticket) == ["team-9"]


def test_a_team_hears_only_as_far_as_its_people_may_read(ticket, by, desk, ana, eli, lea):
    Membership.objects.create(team=desk.teams[1], user=lea)
    operations.watch(ticket.reference, by=by(lea))
    operations.watch(ticket.reference, by=by(ana))
    operations.edit(ticket.reference, values={"confidential": True}, by=by(ana))
    note(ticket, by(ana), "@team-2 look")
    assert [row.user for row in Mention.objects.all()] == [lea]
    assert mentions.unheard("@team-2 @team-1 @team-3", ticket) == []  # lea leads team-3, ana team-1


@pytest.mark.parametrize("confidential", [False, True])
def test_who_reads_notes_is_who_works_and_sees_the_ticket(ticket, by, world_of_roles, confidential):
    ana, people = world_of_roles
    operations.watch(ticket.reference, by=by(ana))
    operations.edit(ticket.reference, values={"confidential": confidential}, by=by(ana))
    ticket.refresh_from_db()
    see = [
        user for user in people
        if can(by(user), Permission.WORK_TICKET) and Ticket.objects.visible_to(by(user)).filter(pk=ticket.pk).exists()
    ]  # fmt: skip
    assert set(mentions.readers(ticket)) == set(see)
    assert ana in see


@pytest.fixture
def world_of_roles(ana, eli, lea, ira, cho, pia, max, kim, root, casey, drew):
    bot = User.objects.create(username="bot")
    RoleGrant.objects.create(user=bot, role=Role.INTEGRATION)
    gone = User.objects.create(username="gone", is_active=False)
    RoleGrant.objects.create(user=gone, role=Role.ANALYST)
    boss = User.objects.create(username="boss", is_superuser=True)
    return ana, [ana, eli, lea, ira, cho, pia, max, kim, root, casey, drew, bot, boss]


def test_the_list_offers_by_the_beginning_of_any_name_and_nobody_who_may_not_read(
    ticket, by, desk, ana, eli, lea, kim
):
    assert offered(ticket, by(ana), "e") == ["eli"]
    assert offered(ticket, by(ana), "LIN") == ["lea", "team-1"]  # Lea Lind, Front line
    assert offered(ticket, by(ana), "ki") == []  # account managers read no notes
    assert "ana" not in offered(ticket, by(ana))  # nobody names themselves
    assert offered(ticket, by(ana), "\x00") == []


def test_who_wrote_here_comes_first(ticket, by, ana, eli, lea):
    note(ticket, by(lea), "I looked")
    assert offered(ticket, by(ana))[0] == "lea"


def test_on_a_confidential_ticket_the_list_offers_only_whom_it_names(client, ticket, by, desk, ana, eli, lea):
    operations.watch(ticket.reference, by=by(ana))
    operations.watch(ticket.reference, by=by(lea))
    operations.edit(ticket.reference, values={"confidential": True}, by=by(ana))
    client.force_login(ana)
    names = client.get(f"/tickets/{ticket.reference}/mentionable/", {"q": ""}).content.decode()
    assert 'data-name="lea"' in names and 'data-name="team-3"' in names
    assert "eli" not in names and "team-2" not in names
    client.force_login(eli)
    assert client.get(f"/tickets/{ticket.reference}/mentionable/").status_code == 404
