"""Nobody is told by a webhook what they may not see, and nobody reads through somebody else's eyes."""

from __future__ import annotations

import pytest
from django.test import Client

from core.accounts.models import RoleGrant, User
from core.common.errors import NotAllowed, NotFound, RuleBroken
from core.common.vocabulary import Role
from core.outbox.models import OutgoingMessage
from incidents import operations as incidents
from problems import operations as problems
from tests import world as worlds
from tests.webhooks.conftest import tick, told
from tickets import operations as tickets
from webhooks import operations, queries, shapes
from webhooks.models import Delivery, Webhook

pytestmark = pytest.mark.django_db


def root(desk):
    return worlds.by(desk.people["root"])


def test_a_confidential_ticket_is_told_to_nobody_it_does_not_name(desk, other, hook):
    made = hook(other, "ticket.*", "sla.*")
    eli = worlds.by(desk.people["eli"])
    secret = tickets.create(
        subject="Merger quokka", requester=desk.drew, component=desk.gateway, confidential=True, by=eli
    )
    tickets.reply(secret.reference, body="quokka", public=True, by=eli)
    tick()
    assert other.got == []
    assert not Delivery.objects.exists()
    assert not OutgoingMessage.objects.filter(topic="webhook").exists()
    assert queries.counts(root(desk), [made.webhook]) == {}


def test_what_became_confidential_on_its_way_is_withheld_without_a_trace(desk, other, hook, ticket):
    """Seen when it happened, hidden when it is to be sent: judged again before each attempt."""
    made = hook(other, "ticket.*")
    other.then = (500, {}, b"")
    secret = ticket()
    tick()
    assert len(other.got) == 1
    tickets.edit(secret.reference, values={"confidential": True}, by=worlds.by(desk.people["ana"]))
    OutgoingMessage.objects.filter(topic="webhook", state="queued").exclude(due_at=None).update(
        due_at=secret.created_at
    )
    tick()
    assert len(other.got) == 1
    withheld = Delivery.objects.get(event_id=Delivery.objects.earliest("event_id").event_id)
    assert (withheld.state, withheld.message.text) == (Delivery.State.WITHHELD, "")
    by = root(desk)
    assert list(queries.deliveries(made.webhook, by)) == []
    assert queries.counts(by, [made.webhook]) == {}
    for verb in (operations.redeliver, operations.skip):
        with pytest.raises(NotFound):
            verb(withheld.pk, by=by)


def test_the_log_hides_what_its_reader_may_not_see(desk, other, hook, ticket):
    """Delivered while everybody saw it, confidential since: the log is no way around."""
    made = hook(other, "ticket.created")
    secret = ticket()
    tick()
    assert len(queries.deliveries(made.webhook, root(desk))) == 1
    tickets.edit(secret.reference, values={"confidential": True}, by=worlds.by(desk.people["ana"]))
    assert list(queries.deliveries(made.webhook, root(desk))) == []


def test_another_admin_reads_no_reference_of_confidential_work(desk, other, hook):
    """Neither what a webhook is about nor what its history says was sent again or skipped."""
    RoleGrant.objects.create(user=desk.people["eli"], role=Role.ADMIN)
    eli = worlds.by(desk.people["eli"])
    secret = tickets.create(
        subject="quokka", requester=desk.casey, component=desk.gateway, confidential=True, by=eli
    )
    made = hook(other, "ticket.*", who="eli", only=secret.reference).webhook
    tickets.reply(secret.reference, body="x", public=True, by=eli)
    tick()
    [sent] = Delivery.objects.all()
    operations.redeliver(sent.pk, by=eli)
    operations.skip(sent.pk, by=eli)

    def pages(name):
        client = Client()
        client.force_login(desk.people[name])
        return [client.get(url).content.decode() for url in ("/webhooks/", f"/webhooks/{made.pk}/")]

    listed, page = pages("root")
    assert secret.reference not in listed + page
    assert "one piece of work" in listed and "one piece of work" in page
    assert f"sent delivery {sent.pk} again" in page
    assert all(secret.reference in page for page in pages("eli"))
    assert [shapes.WebhookOut(queries.get_for(made.pk, by=by)).data["only"] for by in (root(desk), eli)] == [
        "one piece of work", secret.reference,
    ]  # fmt: skip


def test_an_edit_by_who_may_not_see_the_work_leaves_it_as_it_is(desk, other, hook):
    robot = User.objects.create(username="robot")
    RoleGrant.objects.create(user=robot, role=Role.INTEGRATION)
    RoleGrant.objects.create(user=desk.people["eli"], role=Role.ADMIN)
    secret = tickets.create(
        subject="quokka", requester=desk.casey, component=desk.gateway, confidential=True,
        by=worlds.by(desk.people["eli"]),
    )  # fmt: skip
    made = hook(other, "ticket.*", who="eli", only=secret.reference, owner=robot).webhook
    client = Client()
    client.force_login(desk.people["root"])
    path = f"/webhooks/{made.pk}/edit/"
    assert secret.reference not in client.get(path).content.decode()
    typed = {"name": "Other", "events": ["ticket.*"], "only": "one piece of work", "version": 1}
    assert client.post(path, typed).status_code == 302
    kept = Webhook.objects.get()
    assert (kept.name, kept.only_ref) == ("Other", secret.reference)
    assert client.post(path, {**typed, "only": "", "version": 2}).status_code == 302
    assert Webhook.objects.get().only_ref == ""


def test_an_owner_who_lost_a_role_hears_less(desk, other, hook, ticket):
    """The rights of now: an account manager sees incidents and no problems."""
    hook(other, "problem.*", "incident.*")
    owner = desk.people["root"]
    owner.role_grants.all().delete()
    RoleGrant.objects.create(user=owner, role=Role.ACCOUNT_MANAGER)
    incident = incidents.declare(title="Cards", by=worlds.by(desk.people["ira"]))
    problems.raise_problem(incident.reference, title="Pool", by=worlds.by(desk.people["pia"]))
    tick()
    assert {row[0].partition(".")[0] for row in told(other.got)} == {"incident"}


def test_an_owner_who_was_disabled_hears_nothing(desk, other, hook, ticket):
    """Nor does the log of another admin hold what was withheld."""
    made = hook(other, "ticket.*")
    other.then = (500, {}, b"")
    first = ticket()
    tick()
    User.objects.filter(username="root").update(is_active=False)
    OutgoingMessage.objects.filter(topic="webhook").exclude(due_at=None).update(due_at=first.created_at)
    ticket()
    tick()
    assert len(other.got) == 1
    assert Delivery.objects.get().state == Delivery.State.WITHHELD
    RoleGrant.objects.create(user=desk.people["max"], role=Role.ADMIN)
    assert list(queries.deliveries(made.webhook, worlds.by(desk.people["max"]))) == []


def test_no_program_hears_of_an_exercise(desk, other, hook):
    hook(other, "incident.*")
    ira = worlds.by(desk.people["ira"])
    drill = incidents.declare(title="Exercise", drill=True, by=ira)
    incidents.send_update(drill.reference, what="Nothing is broken.", affected="Nobody.", by=ira)
    tick()
    assert other.got == []
    assert not Delivery.objects.exists()


def test_a_webhook_runs_with_ones_own_rights_or_an_integrations(desk, other, hook):
    for name in ("eli", "casey", "kim"):
        with pytest.raises(RuleBroken, match="your own rights"):
            hook(other, "ticket.*", owner=desk.people[name])
    assert hook(other, "ticket.*", owner=desk.people["bot"]).webhook.owner == desk.people["bot"]
    assert not Webhook.objects.exclude(owner=desk.people["bot"]).exists()


def test_another_admin_switches_it_off_but_does_not_point_it_elsewhere(desk, other, third, hook):
    made = hook(other, "ticket.*")
    RoleGrant.objects.create(user=desk.people["max"], role=Role.ADMIN)
    boss, pk = worlds.by(desk.people["max"]), made.webhook.pk
    for change in ({"url": third.url}, {"owner": desk.people["max"]}, {"events": ["ticket.*", "sla.*"]}):
        with pytest.raises(NotAllowed, match="Rut Root, who alone changes it"):
            operations.edit(pk, changes=change, by=boss)
    with pytest.raises(NotAllowed):
        operations.rotate_secret(pk, by=boss)
    assert operations.switch(pk, on=False, by=boss).active is False
    operations.remove(pk, by=boss)
    assert not queries.webhooks(boss).exists()


def test_who_does_not_manage_webhooks_finds_none(desk, other, hook):
    made = hook(other, "ticket.*")
    for name in ("max", "eli", "kim"):
        by = worlds.by(desk.people[name])
        assert not queries.webhooks(by).exists()
        with pytest.raises(NotAllowed, match="Admin can"):
            queries.get_for(made.webhook.pk, by=by)


def test_the_other_ticket_of_a_merge_is_not_named_to_who_may_not_see_it(desk, other, hook):
    """Root is named on one of two confidential tickets that become one."""
    eli = worlds.by(desk.people["eli"])
    seen, hidden = (
        tickets.create(subject=name, requester=desk.casey, component=desk.gateway, confidential=True, by=eli)
        for name in ("One", "quokka")
    )
    tickets.name_person(seen.reference, person=desk.people["root"], by=eli)
    hook(other, "ticket.*")
    tickets.merge(hidden.reference, into=seen.reference, by=eli)
    tick()
    assert [(got.json["data"]["action"], got.json["data"]["other"]) for got in other.got] == [
        ("merged_here", None)
    ]
    assert all(hidden.reference.encode() not in got.body for got in other.got)


def test_a_parent_is_named_to_who_may_see_it_and_to_nobody_else(desk, other, hook, ticket):
    eli = worlds.by(desk.people["eli"])
    hook(other, "ticket.*")
    child, hidden, shown = ticket(), ticket("quokka"), ticket("Parent")
    for one in (hidden, child):
        tickets.edit(one.reference, values={"confidential": True}, by=eli)
    tickets.set_parent(child.reference, parent=hidden.reference, by=eli)
    tickets.edit(child.reference, values={"confidential": False}, by=eli)
    tick()
    other.got.clear()
    tickets.set_parent(child.reference, parent=shown.reference, by=eli)
    tick()
    [told_of] = other.got
    assert told_of.json["data"]["changes"]["parent"] == {"before": None, "after": shown.reference}
