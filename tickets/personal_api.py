"""What people keep on a ticket for themselves and for each other, through the API: watching, drafts."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from core.accounts.api import reading, verb
from core.accounts.models import User
from core.accounts.permissions import Permission
from core.common.actor import Actor
from core.common.api import Ref, StrictSerializer, Text, UtcDateTime
from tickets import operations, queries
from tickets.models import Ticket
from tickets.operations.personal import FORMS
from worklog import queries as worklog

Data = dict[str, Any]


class Watch(StrictSerializer):
    person = Ref(
        User, "username", required=False, allow_null=True, help_text="somebody of the desk; else the caller"
    )


class KeepDraft(StrictSerializer):
    form = serializers.ChoiceField(choices=FORMS, default="reply")
    text = Text(long=True, allow_blank=True, help_text="empty drops it")


class DraftOut(StrictSerializer):
    """`form` and `updated_at` are null where there is no draft."""

    form = serializers.ChoiceField(choices=FORMS, allow_null=True)
    text = serializers.CharField()
    updated_at = UtcDateTime(allow_null=True)


class PersonalVerbs:
    """Watching a ticket, and what one is typing on it."""

    @verb(Watch)
    def watch(self, ref: str, data: Data, by: Actor) -> Ticket:
        """Hear of what happens to it, or let somebody of the desk hear. Who watches a confidential ticket sees it."""
        return operations.watch(ref, **data, by=by)

    @verb(Watch)
    def unwatch(self, ref: str, data: Data, by: Actor) -> Ticket:
        """Hear of it no longer, or take somebody off."""
        return operations.unwatch(ref, **data, by=by)

    @reading(DraftOut)
    def draft(self, ref: str, by: Actor) -> Any:
        """What the caller was typing here, on any device."""
        ticket = queries.get_for(ref, by=by, to=Permission.WORK_TICKET)
        return _draft(worklog.draft_of(ticket, by))

    @verb(KeepDraft, entry=DraftOut, status=200)
    def keep_draft(self, ref: str, data: Data, by: Actor) -> Any:
        """Keep what the caller types; the reply box of the page shows it. Sending by `reply` leaves it as it is."""
        return _draft(operations.keep_draft(ref, **data, by=by))


def _draft(found: Any) -> Any:
    return found or {"form": None, "text": "", "updated_at": None}
