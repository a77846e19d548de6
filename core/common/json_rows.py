"""What hangs on a row, brought along as one column: rows as JSON, so that a list needs no query more for them."""

from __future__ import annotations

from typing import Any

from django.db.models import JSONField, QuerySet, Subquery
from django.db.models.functions import JSONObject


class JsonRows(Subquery):
    """The rows of a subquery as a list of objects, in no order that one may rely on.

    `JsonRows(Line.objects.filter(order=OuterRef("pk")), number="number", who="person__name")`
    """

    template = "(SELECT COALESCE(JSONB_AGG(rows_.item), '[]'::jsonb) FROM (%(subquery)s) rows_)"
    output_field = JSONField()

    def __init__(self, queryset: QuerySet[Any], **columns: str) -> None:
        super().__init__(queryset.order_by().values(item=JSONObject(**columns)))

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        template = "(SELECT JSON_GROUP_ARRAY(JSON(rows_.item)) FROM (%(subquery)s) rows_)"
        return self.as_sql(compiler, connection, template=template, **extra)
