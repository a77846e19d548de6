"""Putting texts into the index, and telling it who may see which kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet

from core.common import clock
from core.common.actor import Actor
from core.search import words
from core.search.models import SearchDoc

Visible = Callable[[Actor], QuerySet[Any]]

visible: dict[str, Visible] = {}
organisations_of: list[Callable[[Actor], list[int]]] = []
LONGEST_TEXT = 200_000
KEY = ["kind", "object_id"]
WRITTEN = [
    field.name
    for field in SearchDoc._meta.concrete_fields
    if field.name not in (*KEY, "id") and not field.generated
]


def register(kind: str, visible_to: Visible) -> None:
    """Make a kind of object findable; `visible_to` answers for an actor which of them exist."""
    visible[kind] = visible_to


def register_organisations(resolver: Callable[[Actor], list[int]]) -> None:
    """Tell the index which organisations' work a customer may see as a whole."""
    organisations_of.append(resolver)


def put(
    kind: str,
    pk: int,
    *,
    reference: str,
    title: str,
    public: str = "",
    staff: str = "",
    staff_only: bool = False,
    confidential: bool = False,
    organisation_id: int | None = None,
    owner_id: int | None = None,
) -> None:
    """Write or replace what can be found of one object. `public` is what its customer may read."""
    doc = SearchDoc(
        kind=kind,
        object_id=pk,
        reference=reference,
        title=title[:300],
        public=public[:LONGEST_TEXT],
        staff=staff[:LONGEST_TEXT],
        staff_only=staff_only,
        confidential=confidential,
        organisation_id=organisation_id,
        owner_id=owner_id,
        updated_at=clock.now(),
    )
    # One statement for both cases: two writers of one object cannot collide.
    SearchDoc.objects.bulk_create([doc], update_conflicts=True, unique_fields=KEY, update_fields=WRITTEN)
    words.learn([doc.reference, doc.title, doc.public, doc.staff])
