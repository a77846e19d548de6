import pytest

from core.common.errors import NotFound, RuleBroken
from core.search.queries import find
from tests.api.conftest import Api, token_for
from tickets import operations, queries
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def secret(ticket, ana, by):
    """A confidential ticket that Ana knows of."""
    return operations.edit(ticket.reference, values={"confidential": True}, by=by(ana))


def test_who_makes_it_confidential_still_sees_it_and_nobody_else_does(secret, ana, eli, max, by):
    assert queries.get_for(secret.reference, by=by(ana)) == secret
    for other in (eli, max):
        with pytest.raises(NotFound):
            queries.get_for(secret.reference, by=by(other))
    made = operations.create(subject="Fraud", confidential=True, by=by(eli))
    assert queries.get_for(made.reference, by=by(eli)) == made


def test_people_are_named_and_taken_off(secret, ana, eli, casey, by):
    operations.name_person(secret.reference, person=eli, by=by(ana))
    assert queries.get_for(secret.reference, by=by(eli)) == secret
    operations.unname_person(secret.reference, person=eli, by=by(ana))
    with pytest.raises(NotFound):
        queries.get_for(secret.reference, by=by(eli))
    with pytest.raises(RuleBroken, match="not named"):
        operations.unname_person(secret.reference, person=eli, by=by(ana))
    with pytest.raises(RuleBroken, match="does not work on tickets"):
        operations.name_person(secret.reference, person=casey, by=by(ana))


def test_it_is_absent_from_list_count_search_and_api_for_others(client, secret, eli, by):
    client.force_login(eli)
    assert secret.subject not in client.get("/tickets/?view=all").content.decode()
    assert secret.subject not in client.get("/search/?q=card").content.decode()
    assert find("card", by(eli)) == []
    api = Api(token_for("eli"))
    assert api.get("/tickets/").json()["count"] == 0
    assert api.get("/tickets/?search=card").json()["results"] == []
    assert api.get(f"/tickets/{secret.reference}/").status_code == 404


def test_the_page_lists_and_changes_who_may_see_it(client, secret, ana, eli, by):
    client.force_login(ana)
    assert "Who may see this" in client.get(f"/tickets/{secret.reference}/").content.decode()
    client.post(f"/tickets/{secret.reference}/name/", {"person": "eli"})
    assert eli.display_name in client.get(f"/tickets/{secret.reference}/").content.decode()
    client.post(f"/tickets/{secret.reference}/unname/", {"person": "eli"})
    with pytest.raises(NotFound):
        queries.get_for(secret.reference, by=by(eli))


def test_moving_to_another_customer_moves_who_sees_and_finds_it(ticket, desk, ana, casey, drew, by):
    operations.edit(ticket.reference, values={"organisation": desk.bolt, "requester": desk.drew}, by=by(ana))
    assert queries.get_for(ticket.reference, by=by(drew))
    assert [doc.object_id for doc in find("card", by(drew))] == [ticket.pk]
    assert find("card", by(casey)) == []
    assert not Ticket.objects.visible_to(by(casey)).exists()
