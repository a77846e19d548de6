import pytest
from django.db import connection

from tickets.models import Ticket

pytestmark = pytest.mark.django_db


def test_open_tickets_are_found_through_the_index_of_open_work(db):
    plan = Ticket.objects.all().open().filter(tier=1).explain()
    if connection.vendor == "sqlite":
        assert "tickets_open_by_status" in plan or "tickets_queue" in plan
    assert "IN ('new', 'open', 'waiting', 'on_hold')" in str(Ticket.objects.all().open().query)


@pytest.mark.parametrize("words", [("new'); --",), ("A",), ()])
def test_only_constants_may_stand_in_the_sql(words):
    with pytest.raises(ValueError, match="Only constants"):
        str(Ticket.objects.filter(status__constant_in=words).query)
