import pytest

from core.audit.models import Event
from core.common.errors import Conflict, NotFound, RuleBroken
from tests.api.conftest import Api, token_for
from tickets import operations, queries
from tickets.models import Ticket
from tickets.operations import lifecycle
from worklog.models import Link

pytestmark = pytest.mark.django_db


@pytest.fixture
def line(desk, ana, by):
    """Six tickets; none is part of another."""
    return [operations.create(subject=f"Number {n}", requester=desk.casey, by=by(ana)) for n in range(6)]


def under(child, parent, by):
    return operations.set_parent(child.reference, parent=parent.reference, by=by)


def test_a_ticket_stands_under_another_and_comes_out_again(line, ana, by):
    assert under(line[1], line[0], by(ana)).parent == line[0]
    assert operations.set_parent(line[1].reference, parent="", by=by(ana)).parent is None
    told = (
        Event.objects.filter(name="ticket.parent_set").order_by("id").values_list("after__parent", flat=True)
    )
    assert list(told) == [line[0].reference, ""]


def test_circles_are_refused(line, ana, by):
    under(line[1], line[0], by(ana))
    under(line[2], line[1], by(ana))
    for child in line[:2]:
        with pytest.raises(Conflict, match="circle"):
            under(child, line[2], by(ana))
    with pytest.raises(Conflict, match="circle"):
        under(line[0], line[0], by(ana))


def test_a_family_has_five_levels_counted_from_both_ends(line, ana, by):
    for child, parent in zip(line[1:5], line[:4], strict=True):
        under(child, parent, by(ana))
    with pytest.raises(Conflict, match="at most 5"):
        under(line[5], line[4], by(ana))
    with pytest.raises(Conflict, match="at most 5"):
        under(line[0], line[5], by(ana))


def test_both_ends_must_be_visible(line, ana, eli, by):
    Ticket.objects.filter(pk=line[0].pk).update(confidential=True)
    with pytest.raises(NotFound):
        under(line[1], line[0], by(ana))
    Ticket.objects.filter(pk=line[0].pk).update(assignee=ana)
    with pytest.raises(RuleBroken, match="is confidential"):
        under(line[1], line[0], by(ana))


def test_a_merged_parent_means_the_survivor_and_children_go_along(line, ana, by):
    under(line[1], line[0], by(ana))
    operations.merge(line[0].reference, into=line[2].reference, by=by(ana))
    assert queries.fresh(line[1]).parent == line[2]
    assert under(line[3], line[0], by(ana)).parent == line[2]
    operations.undo_merge(line[0].reference, by=by(ana))
    assert queries.fresh(line[1]).parent == line[0]
    assert queries.fresh(line[3]).parent == line[2]


def test_resolving_the_parent_leaves_the_children_unless_wished(line, ana, by):
    under(line[1], line[0], by(ana))
    operations.resolve(line[0].reference, code="fixed", note="Done", by=by(ana))
    assert queries.fresh(line[1]).is_open


def test_each_child_is_resolved_by_itself(line, ana, by, monkeypatch):
    under(line[1], line[0], by(ana))
    under(line[2], line[1], by(ana))
    real = lifecycle.resolve

    def one_fails(ref, **values):
        if ref == line[1].reference:
            raise Conflict("It was changed a moment ago.")
        return real(ref, **values)

    monkeypatch.setattr(lifecycle, "resolve", one_fails)
    _, children = operations.resolve_family(line[0].reference, code="fixed", note="Done", by=by(ana))
    assert [(child.reference, child.why) for child in children] == [
        (line[1].reference, "It was changed a moment ago."), (line[2].reference, ""),
    ]  # fmt: skip
    assert queries.fresh(line[2]).status == "resolved"


def test_closing_with_children_closes_the_resolved_ones(line, ana, by):
    under(line[1], line[0], by(ana))
    under(line[2], line[0], by(ana))
    for ticket in line[:2]:
        operations.resolve(ticket.reference, code="fixed", note="Done", by=by(ana))
    _, children = operations.close_family(line[0].reference, by=by(ana))
    assert [child.reference for child in children] == [line[1].reference]
    assert queries.fresh(line[1]).status == "closed" and queries.fresh(line[2]).is_open


def test_links_are_removed_from_either_end(line, ana, by):
    operations.link(line[0].reference, to=line[1].reference, by=by(ana))
    operations.unlink(line[1].reference, to=line[0].reference, by=by(ana))
    assert not Link.objects.exists()
    assert Event.objects.filter(name="ticket.unlinked").count() == 2
    with pytest.raises(RuleBroken, match="not linked"):
        operations.unlink(line[1].reference, to=line[0].reference, by=by(ana))


def test_the_page_shows_the_family_and_asks_for_the_cascade(client, line, ana, by):
    under(line[1], line[0], by(ana))
    client.force_login(ana)
    page = client.get(f"/tickets/{line[0].reference}/?open=resolve").content.decode()
    assert 'name="children"' in page and line[1].reference in page
    assert 'name="children"' not in client.get(f"/tickets/{line[1].reference}/?open=resolve").content.decode()
    client.post(f"/tickets/{line[0].reference}/resolve/", {"code": "fixed", "note": "Done", "children": "on"})
    assert queries.fresh(line[1]).status == "resolved"
    client.post(f"/tickets/{line[2].reference}/parent/", {"parent": line[3].reference})
    assert queries.fresh(line[2]).parent == line[3]


def test_the_api_sets_the_parent_and_tells_what_became_of_each_child(line, ana):
    api = Api(token_for("ana"))
    answer = api.post(f"/tickets/{line[1].reference}/set_parent/", {"parent": line[0].reference})
    assert answer.json()["parent"] == line[0].reference
    assert api.patch(f"/tickets/{line[1].reference}/", {"parent": None}).status_code == 400
    done = api.post(
        f"/tickets/{line[0].reference}/resolve_with_children/", {"code": "fixed", "note": "Done"}
    ).json()["results"]
    assert [row["reference"] for row in done] == [line[0].reference, line[1].reference]
    assert all(row["done"] for row in done)
