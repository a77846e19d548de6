"""One verb over many tickets, through the API."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict
from rest_framework import serializers

from core.accounts.api import DeskViewSet, verb
from core.accounts.permissions import Permission
from core.common import clock
from core.common.actor import Actor
from core.common.api import Flag, StrictSerializer, Text, UtcDateTime
from core.common.errors import Invalid
from core.common.ids import number_of
from tickets import listing, queries
from tickets.models import BulkRun
from tickets.operations import bulk
from tickets.operations.bulk_verbs import VERBS

Data = dict[str, Any]


class BulkCreate(StrictSerializer):
    verb = serializers.ChoiceField(choices=list(VERBS))
    tickets = serializers.ListField(
        child=Text(max_length=40), required=False, max_length=bulk.MOST, help_text="references"
    )
    filter = Text(
        max_length=2000,
        required=False,
        help_text="instead of tickets: the list's parameters, as in its address",
    )
    values = serializers.DictField(required=False, help_text="what the verb takes, by name")


class BulkResultOut(StrictSerializer):
    reference = serializers.SerializerMethodField()
    done = Flag()
    why = serializers.CharField()
    undone = serializers.SerializerMethodField()
    undo_why = serializers.SerializerMethodField()

    def get_reference(self, row: Data) -> str:
        return queries.reference_of(row["id"])

    def get_undone(self, row: Data) -> bool:
        return bool(row.get("undone"))

    def get_undo_why(self, row: Data) -> str:
        return str(row.get("undo_why", ""))


class BulkRunOut(StrictSerializer):
    id = serializers.IntegerField()
    verb = serializers.CharField()
    values = serializers.DictField()
    created_at = UtcDateTime(source="at")
    finished_at = UtcDateTime(allow_null=True)
    undone_at = UtcDateTime(allow_null=True)
    left = serializers.SerializerMethodField()
    done = serializers.SerializerMethodField()
    failed = serializers.SerializerMethodField()
    results = BulkResultOut(many=True)

    def get_left(self, run: BulkRun) -> int:
        return len(run.todo)

    def get_done(self, run: BulkRun) -> int:
        return sum(row["done"] for row in run.results)

    def get_failed(self, run: BulkRun) -> int:
        return sum(not row["done"] for row in run.results)


class BulkViewSet(DeskViewSet):
    """Runs of one verb over many tickets: up to 50 are done at once, more (at most 500) in the background."""

    model = BulkRun
    view_permission = Permission.WORK_TICKET
    serializer_class = BulkRunOut
    create_form = BulkCreate
    ordering_fields = {"created_at": "at"}
    named_by = "pk"

    def find(self, ref: str, by: Actor) -> BulkRun:
        return bulk.get_for(number_of(f"RUN-{ref}", "RUN"), by=by)

    def do_create(self, data: Data, by: Actor) -> BulkRun:
        tickets = data.get("tickets")
        if (tickets is None) == ("filter" not in data):
            raise Invalid({"tickets": ["Give either tickets or a filter."]})
        if tickets is None:
            found = listing.read(QueryDict(data["filter"]), by, clock.now())
            if found.wrong:
                raise Invalid({"filter": found.wrong})
            numbers = found.tickets.order_by("pk").values_list("pk", flat=True)[: bulk.MOST + 1]
            tickets = [queries.reference_of(pk) for pk in numbers]
        return bulk.finish_short(
            bulk.start(data["verb"], tickets=tickets, values=data.get("values") or {}, by=by)
        )

    @verb()
    def undo(self, ref: str, data: Data, by: Actor) -> BulkRun:
        """Take the run back, once; what somebody changed since is named and stays."""
        run = self.find(ref, by)
        return bulk.finish_short(bulk.undo(run.pk, by=by))


ROUTES = [("tickets/bulk", BulkViewSet)]
