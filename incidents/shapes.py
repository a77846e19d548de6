"""What the API takes and answers about incidents."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from catalogue.models import Application, Component, Region
from core.accounts.models import User
from core.common.api import (
    Flag,
    Named,
    Number,
    OptionalChoice,
    Ref,
    RefList,
    StrictSerializer,
    Text,
    UtcDateTime,
)
from core.common.vocabulary import Severity
from customers.models import CHANNELS, Audience, Organisation
from incidents import templating
from incidents.models import Incident, PendingUpdate, Promise, RoleHolding, Status, TimelineEntry, Update
from incidents.rules import BETWEEN, LONGEST_CADENCE
from worklog import queries as worklog

PHASES = [(status.value, status.label) for status in Status if status in BETWEEN]
CHAT = [
    (value, label) for value, label in CHANNELS if value != "webhook"
]  # whose secret is shown where it is made
ENTRY_KINDS = [(kind.value, kind.label) for kind in TimelineEntry.BY_PEOPLE]


class IncidentOut(StrictSerializer):
    reference = serializers.CharField()
    title = serializers.CharField()
    summary = serializers.CharField()
    severity = OptionalChoice(Severity.choices)
    status = serializers.ChoiceField(choices=Status.choices)
    applications = Named("slug", many=True)
    components = Named("slug", many=True)
    regions = Named("slug", many=True)
    organisations = Named("slug", many=True)
    started_at = UtcDateTime()
    detected_at = UtcDateTime()
    declared_at = UtcDateTime()
    acknowledged_at = UtcDateTime(allow_null=True)
    restored_at = UtcDateTime(allow_null=True)
    closed_at = UtcDateTime(allow_null=True)
    commander = Named("username", allow_null=True)
    communications_lead = Named("username", allow_null=True)
    scribe = Named("username", allow_null=True)
    bridge_url = serializers.CharField()
    chat_url = serializers.CharField()
    public = serializers.BooleanField()
    drill = serializers.BooleanField()
    parent = serializers.SerializerMethodField()
    children = serializers.SerializerMethodField()
    merged_into = serializers.SerializerMethodField()
    cadence_minutes = serializers.IntegerField(allow_null=True)
    next_update_due_at = UtcDateTime(allow_null=True)
    tickets = serializers.SerializerMethodField()
    changes = serializers.SerializerMethodField()
    problem = serializers.SerializerMethodField()

    def get_parent(self, incident: Incident) -> str | None:
        return f"INC-{incident.parent_id}" if incident.parent_id else None

    def get_children(self, incident: Incident) -> list[str]:
        return sorted((child.reference for child in incident.children.all()), key=lambda ref: int(ref[4:]))

    def get_merged_into(self, incident: Incident) -> str | None:
        return f"INC-{incident.merged_into_id}" if incident.merged_into_id else None

    def get_tickets(self, incident: Incident) -> list[str]:
        return self._linked(incident, "ticket")

    def get_changes(self, incident: Incident) -> list[str]:
        return self._linked(incident, "change")

    def get_problem(self, incident: Incident) -> str | None:
        return next(iter(self._linked(incident, "problem")), None)

    def _linked(self, incident: Incident, kind: str) -> list[str]:
        """The links of all the incidents that are answered here are read at once."""
        known = self.context.setdefault("links", {})
        if incident.pk not in known:
            shown = self.parent.instance if self.parent is not None else [incident]
            known.update(worklog.linked_references(list(shown), self.context["actor"]))
        return known[incident.pk].get(kind, [])


class IncidentEdit(StrictSerializer):
    title = Text(max_length=200)
    summary = Text(long=True, required=False, allow_blank=True)
    severity = OptionalChoice(Severity.choices, required=False)
    applications = RefList(Application, required=False)
    components = RefList(Component, required=False)
    regions = RefList(Region, required=False)
    organisations = RefList(Organisation, required=False)
    started_at = UtcDateTime(required=False)
    detected_at = UtcDateTime(required=False)
    bridge_url = Text(max_length=500, required=False, allow_blank=True)
    chat_url = Text(max_length=500, required=False, allow_blank=True)
    public = serializers.BooleanField(required=False)


class IncidentCreate(StrictSerializer):
    title = Text(max_length=200)
    summary = Text(long=True, required=False, allow_blank=True)
    severity = OptionalChoice(Severity.choices, required=False)
    applications = RefList(Application, required=False)
    components = RefList(Component, required=False)
    regions = RefList(Region, required=False)
    organisations = RefList(Organisation, required=False)
    started_at = UtcDateTime(required=False)
    drill = serializers.BooleanField(required=False)


class FromTicket(StrictSerializer):
    title = Text(max_length=200, required=False, allow_blank=True)
    severity = OptionalChoice(Severity.choices, required=False)
    summary = Text(long=True, required=False, allow_blank=True)


class WordingIn(StrictSerializer):
    """The text of one audience; who is affected is that of everybody unless it says otherwise."""

    what = Text(long=True)
    affected = Text(long=True, required=False, allow_blank=True)
    doing = Text(long=True, required=False, allow_blank=True)
    workaround = Text(long=True, required=False, allow_blank=True)


class WordingsIn(StrictSerializer):
    technical = WordingIn(required=False)
    external = WordingIn(required=False)


class UpdateIn(StrictSerializer):
    body = Text(
        long=True,
        required=False,
        allow_blank=True,
        help_text="Instead of what. Alone, it carries on who is affected and the workaround of the last update.",
    )
    what = Text(long=True, required=False, allow_blank=True)
    affected = Text(long=True, required=False, allow_blank=True)
    doing = Text(long=True, required=False, allow_blank=True)
    workaround = Text(long=True, required=False, allow_blank=True)
    audience = serializers.ChoiceField(choices=Audience.choices, required=False)
    wordings = WordingsIn(required=False, help_text="Own texts for technical and external readers.")
    next_update_at = UtcDateTime(
        required=False, help_text="Later than the cadence allows only with a next_reason."
    )
    on_news = Flag(required=False, help_text="On demand: the next one comes when there is something to tell.")
    next_reason = Text(max_length=500, required=False, allow_blank=True)


class UpdateOut(StrictSerializer):
    number = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Update.Kind.choices)
    audience = serializers.CharField()
    subject = serializers.CharField()
    body = serializers.CharField()
    what = serializers.CharField()
    affected = serializers.CharField()
    doing = serializers.CharField()
    workaround = serializers.CharField()
    wordings = serializers.SerializerMethodField(help_text="By audience, where it reads another text.")
    due_at = UtcDateTime(allow_null=True)
    sent_at = UtcDateTime()
    late_seconds = serializers.IntegerField()
    recipients = serializers.IntegerField()
    author = Named("username", allow_null=True)
    next_due_at = UtcDateTime(allow_null=True)
    corrects = serializers.IntegerField(source="corrects.number", default=None, allow_null=True)
    wrong = serializers.CharField()
    edits = serializers.IntegerField()
    edited_at = UtcDateTime(allow_null=True)

    def get_wordings(self, update: Update) -> dict[str, dict[str, str]]:
        return {
            one: {"subject": update.subject_for(one), "body": update.text_for(one), **update.wrote_for(one)}
            for one in update.wordings
        }


class PromiseOut(StrictSerializer):
    due_at = UtcDateTime()
    outcome = serializers.ChoiceField(choices=Promise.Outcome.choices)
    late_seconds = serializers.IntegerField(
        allow_null=True, help_text="From the moment to the first update after it; null when none came."
    )
    update_number = serializers.IntegerField(source="answer.number", default=None, allow_null=True)
    moved_to = UtcDateTime(allow_null=True)
    reason = serializers.CharField()
    person = Named("username", allow_null=True)
    team = Named("slug", allow_null=True)


class CorrectIn(WordingIn):
    number = Number(min_value=1, help_text="of the update that is wrong")
    wrong = Text(long=True)
    wordings = WordingsIn(required=False)


class EditUpdate(StrictSerializer):
    """What is not given stays. An update without parts is changed by its body."""

    number = Number(min_value=1)
    why = Text(max_length=500)
    body = Text(long=True, required=False)
    what = Text(long=True, required=False)
    affected = Text(long=True, required=False)
    doing = Text(long=True, required=False, allow_blank=True)
    workaround = Text(long=True, required=False, allow_blank=True)
    wordings = WordingsIn(required=False, help_text="Those given replace all that it has.")
    edits = Number(min_value=0, required=False, help_text="How often it had been changed when you looked.")


class TemplateEdit(StrictSerializer):
    subject = Text(
        max_length=200,
        required=False,
        allow_blank=True,
        help_text="Behind the reference. Empty: the built-in one.",
    )
    body = Text(long=True, required=False)


class TemplateCreate(StrictSerializer):
    kind = serializers.ChoiceField(choices=list(templating.NEEDED))
    audience = serializers.ChoiceField(choices=Audience.choices)
    subject = Text(max_length=200, required=False, allow_blank=True)
    body = Text(long=True)


class TemplateOut(StrictSerializer):
    key = serializers.CharField()
    kind = serializers.CharField()
    audience = serializers.CharField()
    subject = serializers.CharField()
    body = serializers.CharField()


class TemplateVariableOut(StrictSerializer):
    name = serializers.CharField()
    means = serializers.CharField()


class SentOut(UpdateOut):
    """The update that was sent; where it waits for approval, what waits, with `pending` and without a number."""

    number = serializers.IntegerField(allow_null=True)
    sent_at = UtcDateTime(allow_null=True)
    pending = serializers.IntegerField(default=None, allow_null=True, help_text="Its id while it waits.")


class Waiting(StrictSerializer):
    waiting = Number(min_value=1, help_text="the id of what waits")


class SendBack(Waiting):
    note = Text(long=True)


class PendingOut(StrictSerializer):
    """An update that waits, or waited, for approval."""

    id = serializers.IntegerField()
    state = serializers.ChoiceField(choices=PendingUpdate.State.choices)
    asked = serializers.DictField()
    for_whom = serializers.CharField()
    asked_by = Named("username", allow_null=True)
    asked_at = UtcDateTime()
    decided_by_label = serializers.CharField()
    decided_at = UtcDateTime(allow_null=True)
    note = serializers.CharField()
    update_number = serializers.IntegerField(source="update_sent.number", default=None, allow_null=True)


class SetApproval(StrictSerializer):
    audience = serializers.ChoiceField(choices=Audience.choices)
    severities = serializers.ListField(
        child=OptionalChoice(Severity.choices), max_length=10, help_text="None: never."
    )


class ApprovalOut(StrictSerializer):
    audience = serializers.CharField()
    severities = serializers.ListField(child=serializers.CharField())


class RevisionOut(StrictSerializer):
    """What an update said until it was changed."""

    update = serializers.IntegerField(source="update_changed.number")
    number = serializers.IntegerField()
    body = serializers.CharField()
    wordings = serializers.DictField()
    edited_at = UtcDateTime()
    edited_by = Named("username", allow_null=True)
    edited_by_label = serializers.CharField()
    why = serializers.CharField()


class SetStatus(StrictSerializer):
    status = serializers.ChoiceField(choices=Status.choices)
    note = Text(long=True, required=False, allow_blank=True)


class Restore(StrictSerializer):
    body = Text(long=True)
    restored_at = UtcDateTime(required=False)
    severity = serializers.ChoiceField(choices=Severity.choices, required=False)
    answer = Text(long=True, required=False, allow_blank=True)
    children = serializers.ListField(child=Text(max_length=40), required=False, max_length=200)


class MergeInto(StrictSerializer):
    into = Text(max_length=40)


class SetParent(StrictSerializer):
    parent = Text(max_length=40, allow_blank=True)


class ToWork(StrictSerializer):
    to = Text(max_length=40)


class AnswerTicket(StrictSerializer):
    ticket = Text(max_length=40)
    tell = serializers.BooleanField()


class LinkedTicketOut(StrictSerializer):
    ticket = serializers.CharField(source="reference")
    title = serializers.CharField()
    answered_at = UtcDateTime(allow_null=True)
    due_at = UtcDateTime(allow_null=True)
    asked = serializers.BooleanField()


class Suspect(StrictSerializer):
    change = Text(max_length=40)
    note = Text(long=True, required=False, allow_blank=True)


class ClearChange(StrictSerializer):
    change = Text(max_length=40)
    note = Text(long=True)


class Reason(StrictSerializer):
    reason = Text(long=True)


class Roles(StrictSerializer):
    commander = Ref(User, "username", required=False, allow_null=True)
    communications_lead = Ref(User, "username", required=False, allow_null=True)
    scribe = Ref(User, "username", required=False, allow_null=True)
    note = Text(long=True, required=False, allow_blank=True)


class TakeRole(StrictSerializer):
    role = serializers.ChoiceField(choices=RoleHolding.Role.choices)


class HandOver(StrictSerializer):
    role = serializers.ChoiceField(choices=RoleHolding.Role.choices)
    to = Ref(User, "username")
    note = Text(long=True)


class HoldingOut(StrictSerializer):
    role = serializers.ChoiceField(choices=RoleHolding.Role.choices)
    person = Named("username")
    since = UtcDateTime()
    until = UtcDateTime(allow_null=True)
    given_by = serializers.CharField(source="given_by_label")
    note = serializers.CharField()


class EntryIn(StrictSerializer):
    body = Text(long=True)
    kind = serializers.ChoiceField(choices=ENTRY_KINDS, required=False)
    happened_at = UtcDateTime(required=False)


class EntryOut(StrictSerializer):
    id = serializers.IntegerField()
    incident = serializers.SerializerMethodField()
    kind = serializers.ChoiceField(choices=TimelineEntry.Kind.choices)
    body = serializers.CharField()
    happened_at = UtcDateTime()
    recorded_at = UtcDateTime()
    author = Named("username", allow_null=True)
    author_label = serializers.CharField()
    update_number = serializers.IntegerField(source="update_sent.number", default=None, allow_null=True)

    def get_incident(self, entry: TimelineEntry) -> str:
        """Another one's, where that went into this one."""
        return f"INC-{entry.incident_id}"


class SetCadence(StrictSerializer):
    minutes = Number(min_value=1, max_value=LONGEST_CADENCE, allow_null=True)
    reason = Text(long=True)


class Snooze(StrictSerializer):
    until = UtcDateTime(required=False)
    minutes = Number(min_value=1, max_value=LONGEST_CADENCE, required=False)
    reason = Text(long=True)


class Subscribe(StrictSerializer):
    email = serializers.EmailField(max_length=254, required=False)
    person = Ref(User, "username", required=False)
    audience = serializers.ChoiceField(choices=Audience.choices, required=False)
    channel = serializers.ChoiceField(choices=CHAT, required=False)
    url = Text(max_length=2000, required=False, allow_blank=True)
    label = Text(max_length=60, required=False, allow_blank=True)


class AddWebhook(StrictSerializer):
    url = Text(max_length=2000)
    label = Text(max_length=60, required=False, allow_blank=True)
    audience = serializers.ChoiceField(choices=Audience.choices, required=False)


class WebhookOut(StrictSerializer):
    id = serializers.IntegerField(source="subscription.pk", help_text="For `unsubscribe`.")
    to = serializers.CharField(source="subscription.who")
    audience = serializers.CharField(source="subscription.audience")
    secret = serializers.CharField(help_text="Signs what goes there. Empty when it was on the list already.")


class Unsubscribe(StrictSerializer):
    email = serializers.EmailField(max_length=254, required=False)
    person = Ref(User, "username", required=False)
    subscription = Number(
        min_value=1, required=False, help_text="Of a chat or webhook, as `recipients` names it."
    )


class RecipientOut(StrictSerializer):
    """An address or chat on the list, and what became of the last update to it."""

    to = serializers.CharField()
    channel = serializers.CharField()
    audience = serializers.CharField()
    state = serializers.CharField()
    note = serializers.CharField()
    via = serializers.ListField(child=serializers.CharField())
    subscriptions = serializers.ListField(child=serializers.IntegerField())


class RecentChangeOut(StrictSerializer):
    reference = serializers.CharField()
    title = serializers.CharField()
    status = serializers.CharField()
    at = UtcDateTime()
    suspected = serializers.BooleanField()
    verdict = serializers.CharField()
    note = serializers.CharField()
    applications = serializers.ListField(child=serializers.CharField())


class HarmOut(StrictSerializer):
    id = serializers.IntegerField(source="note.pk")
    whose = serializers.CharField(source="note.whose")
    application = serializers.CharField(source="note.application.slug")
    hurts_most_now = serializers.BooleanField(source="now")
    stops = serializers.CharField(source="note.stops")
    workaround = serializers.CharField(source="note.workaround")
    tell = serializers.CharField(source="note.tell")


Data = dict[str, Any]
