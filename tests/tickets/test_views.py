import pytest

from core.common.errors import Invalid, NotAllowed, NotFound, RuleBroken, Stale
from escalation.models import Membership
from tickets import operations, saved_views
from tickets.models import SavedView, Ticket
from tickets.operations import saved_views as views
from tickets.rules import Handoff

HANDOFF = Handoff(summary="s", business_impact="b", tried="t", no_sop=True)
pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(client, desk, ana):
    client.force_login(ana)
    return client


@pytest.fixture
def shared(desk, ana, eli, by):
    """A view of the Payments team, made by Eli; Ana is in that team."""
    for user in (ana, eli):
        Membership.objects.create(team=desk.teams[1], user=user)
    return views.save_view(name="Acme first", query="organisation=acme", team=desk.teams[1], by=by(eli))


def make(ana, by, **facts):
    return operations.create(**{"subject": "s", "by": by(ana), **facts})


def test_a_filter_is_kept_under_a_stable_address(browser, desk, ana, by):
    mine = make(ana, by, subject="Gateway down", requester=desk.casey)
    make(ana, by, subject="Printer", requester=desk.drew)
    form = {"name": "Acme!", "filters": "organisation:acme priority:P2", "shown": ["team", "clock"]}

    saved = browser.post("/tickets/views/new/", form, follow=True)

    assert saved.redirect_chain == [("/tickets/views/acme/", 302)]
    text = saved.content.decode()
    assert mine.reference in text and "Printer" not in text
    assert 'columnheader">Team<' in text and "Severity" not in text.split("<tbody")[0].split("<thead")[1]
    browser.post("/tickets/views/acme/edit/", {**form, "name": "Renamed", "version": 1})
    assert b"Renamed" in browser.get("/tickets/views/acme/").content


def test_the_same_name_twice_gets_two_addresses(desk, ana, by):
    one, two = (views.save_view(name="New", query="", by=by(ana)) for _ in range(2))
    assert (one.slug, two.slug) == ("new-view", "new-view-2")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": " "}, "name"),
        ({"query": "priority=P9"}, "query"),
        ({"query": "prioritty=P1"}, "query"),
        ({"query": "priority=P1&priority=P2"}, "query"),
        ({"query": "view=everything"}, "query"),
        ({"shown": ["secret"]}, "columns"),
        ({"ordering": "assignee__password"}, "ordering"),
    ],
)
def test_what_cannot_be_shown_is_not_saved(desk, ana, by, values, field):
    with pytest.raises(Invalid) as refused:
        views.save_view(**{"name": "View", "query": "", "by": by(ana), **values})
    assert list(refused.value.errors) == [field]


def test_a_view_belongs_to_its_maker_or_their_team(desk, ana, eli, lea, by, shared):
    private = views.save_view(name="Own", query="", by=by(eli))
    assert list(saved_views.of(by(ana))) == [shared]
    assert list(saved_views.of(by(lea))) == []
    with pytest.raises(NotFound):
        saved_views.get_for(private.slug, by=by(ana))
    with pytest.raises(NotAllowed, match="Eli Engel"):
        views.edit_view(shared.slug, values={"name": "Hm"}, by=by(ana))
    with pytest.raises(NotAllowed):
        views.delete_view(shared.slug, by=by(ana))
    with pytest.raises(RuleBroken, match="not in Platform"):
        views.save_view(name="View", query="", team=desk.teams[2], by=by(eli))


def test_a_second_editor_hears_that_the_view_changed(desk, eli, by, shared):
    views.edit_view(shared.slug, values={"name": "One"}, if_version=1, by=by(eli))
    with pytest.raises(Stale):
        views.edit_view(shared.slug, values={"name": "Two"}, if_version=1, by=by(eli))
    changed = SavedView.objects.get()
    assert (changed.name, changed.query, changed.team) == ("One", "organisation=acme", shared.team)


def test_deleting_leaves_a_trace(browser, desk, ana, by):
    view = views.save_view(name="Gone", query="priority=P0", by=by(ana))
    browser.post(f"/tickets/views/{view.slug}/delete/")
    assert not SavedView.objects.exists()
    assert browser.get(f"/tickets/views/{view.slug}/").status_code == 404


def test_each_reader_finds_only_what_they_may_see(client, desk, ana, eli, by, shared):
    secret = make(eli, by, subject="Secret merger", requester=desk.casey, confidential=True)
    Ticket.objects.filter(pk=secret.pk).update(assignee=eli)
    make(ana, by, subject="Plain", requester=desk.casey)
    for user, count, shows in ((eli, "2", True), (ana, "1", False)):
        client.force_login(user)
        page = client.get(f"/tickets/views/{shared.slug}/").content.decode()
        counted = client.get("/tickets/counts/").content.decode()
        assert ("Secret merger" in page) is shows
        assert f'<span class="clip">Acme first</span><span class="n">{count}<' in counted


def test_an_own_order_pages_without_gaps(browser, desk, ana, by):
    made = [make(ana, by, subject=f"Number {n:02}").reference for n in range(53)]
    view = views.save_view(name="Newest", query="", ordering="-created_at", by=by(ana))
    first = browser.get(f"/tickets/views/{view.slug}/")
    second = browser.get(f"/tickets/views/{view.slug}/{first.context['next_url']}")
    shown = [ticket.reference for page in (first, second) for ticket in page.context["rows"]]
    assert shown == made[::-1]


def test_counts_say_nothing_while_nothing_changed(browser, desk, ana, by):
    views.save_view(name="All", query="", by=by(ana))
    first = browser.get("/tickets/counts/?tabs=1")
    digest = first.content.decode().split('name="counted" id="counted" value="')[1].split('"')[0]
    assert browser.get(f"/tickets/counts/?tabs=1&counted={digest}").status_code == 204
    make(ana, by)
    changed = browser.get(f"/tickets/counts/?tabs=1&counted={digest}")
    assert 't-view-all" hx-swap-oob="true">1<' in changed.content.decode()


def test_pages_stay_cheap_with_many_views(browser, desk, ana, by, django_assert_max_num_queries):
    for n in range(15):
        views.save_view(name=f"View {n}", query="priority=P0", by=by(ana))
    with django_assert_max_num_queries(24):
        browser.get("/tickets/")
    with django_assert_max_num_queries(24):
        browser.get("/tickets/views/view-1/")
    with django_assert_max_num_queries(24):
        browser.get("/tickets/counts/?tabs=1")


def test_a_ticket_that_left_the_list_comes_along_for_a_page_that_shows_it(browser, ticket, ana, eli, by):
    other = make(ana, by, subject="Stays")
    operations.escalate(ticket.reference, from_tier=1, handoff=HANDOFF, by=by(eli))
    answer = browser.get(f"/tickets/?part=rows&seen=old&have={ticket.pk},{other.pk},9999,x")
    text = answer.content.decode()
    left = text.split("data-left")[1]
    assert f'id="row-{ticket.pk}"' in left and f'id="row-{other.pk}"' not in left


def test_typed_tokens_become_an_address(browser, desk):
    answer = browser.get(
        "/tickets/", {"q": 'tier:1 created_after:"2026-03-02 08:00" card late', "view": "all"}
    )
    assert answer.url == ("/tickets/?view=all&tier=1&created_after=2026-03-02+08%3A00&search=card+late")
    page = browser.get("/tickets/?tier=1&priority=P0&view=all").content.decode()
    assert 'href="/tickets/?tier=1&amp;view=all" aria-label="Remove filter priority P0"' in page


@pytest.mark.parametrize(
    ("typed", "offered", "not_offered"),
    [
        ("pri", "priority:", "tier:"),
        ("priority:", "priority:P0", "priority:none"),
        ("status:open,wai", "status:open,waiting", "status:open,new"),
        ("severity:no", "severity:none", "severity:SEV1"),
        ("assignee:", "assignee:me", "assignee:casey"),
        ("assignee:lea", "assignee:lea", "assignee:eli"),
        ("organisation:ac", "organisation:acme", "organisation:bolt"),
        ("nonsense:", "", "option"),
    ],
)
def test_the_filter_line_completes_keys_and_values(browser, typed, offered, not_offered):
    text = browser.get("/tickets/complete/", {"q": f"card {typed}"}).content.decode()
    assert offered in text and (f'data-text="{not_offered}' not in text)


def test_customers_have_no_views(client, desk, casey, ana, by):
    views.save_view(name="All", query="", by=by(ana))
    client.force_login(casey)
    for path in ("/tickets/views/all/", "/tickets/views/new/", "/tickets/counts/", "/tickets/complete/"):
        assert client.get(path).status_code == 404
