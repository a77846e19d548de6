"""What the API takes and answers about service levels."""

from __future__ import annotations

from typing import Any

from rest_framework import exceptions, serializers

from catalogue.models import Application
from core.common.api import (
    Flag,
    Named,
    Number,
    OptionalChoice,
    Ref,
    Slug,
    StrictSerializer,
    Text,
    UtcDateTime,
)
from core.common.vocabulary import CustomerTier, Priority, TicketKind
from customers.models import Organisation
from sla import causes, rules
from sla.models import Calendar, Cause, Goal
from sla.simulation import MOST_PAUSES, Pause

HOURS = "{“mon”: [[“09:00”, “12:00”], [“13:00”, “17:00”]]}; a day that is left out is closed."
SINGLE = "{“2027-12-24”: [[“09:00”, “12:00”]]}; an empty list closes the day."


class CalendarEdit(StrictSerializer):
    name = Text(max_length=100, required=False)
    zone = Text(max_length=64, required=False, help_text="as Europe/Paris")
    weekly = serializers.JSONField(required=False, help_text=HOURS)
    holiday_country = Text(max_length=2, required=False, allow_blank=True, help_text="two letters, as GB")
    holiday_subdivision = Text(max_length=10, required=False, allow_blank=True, help_text="as SCT")
    extra_days = serializers.JSONField(required=False, help_text=SINGLE)
    always_open = Flag(required=False)


class CalendarCreate(CalendarEdit):
    name = Text(max_length=100)
    slug = Slug()


class CalendarOut(StrictSerializer):
    slug = serializers.CharField()
    name = serializers.CharField()
    zone = serializers.CharField()
    weekly = serializers.JSONField()
    holiday_country = serializers.CharField()
    holiday_subdivision = serializers.CharField()
    extra_days = serializers.JSONField()
    always_open = serializers.BooleanField()
    version = serializers.IntegerField()


class VersionOut(StrictSerializer):
    number = serializers.IntegerField()
    since = UtcDateTime()
    by = serializers.CharField(source="by_label")
    zone = serializers.CharField()
    weekly = serializers.JSONField()
    holiday_country = serializers.CharField()
    holiday_subdivision = serializers.CharField()
    extra_days = serializers.JSONField()
    always_open = serializers.BooleanField()


class PolicyEdit(StrictSerializer):
    name = Text(max_length=100, required=False)
    order = Number(required=False, max_value=32_000)
    customer_tier = OptionalChoice(CustomerTier.choices, required=False)
    kind = OptionalChoice(TicketKind.choices, required=False)
    application = Ref(Application, required=False, allow_null=True)
    priority = OptionalChoice(Priority.choices, required=False)
    first_response_minutes = Number(required=False, allow_null=True)
    next_response_minutes = Number(required=False, allow_null=True)
    resolution_minutes = Number(required=False, allow_null=True)
    calendar = Ref(Calendar, required=False)
    pause_reasons = serializers.ListField(
        child=Text(max_length=40), required=False, max_length=20,
        help_text=f"Reasons for holding that pause the clocks: {', '.join(rules.HOLD_REASONS)}.",
    )  # fmt: skip
    active = Flag(required=False)
    follow = Flag(
        required=False, help_text="false: clocks that are open now keep what was promised when they started"
    )


class PolicyCreate(PolicyEdit):
    name = Text(max_length=100)
    calendar = Ref(Calendar)


class PolicyOut(StrictSerializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    order = serializers.IntegerField()
    customer_tier = OptionalChoice(CustomerTier.choices)
    kind = OptionalChoice(TicketKind.choices)
    application = Named("slug", allow_null=True)
    priority = OptionalChoice(Priority.choices)
    first_response_minutes = serializers.IntegerField(allow_null=True)
    next_response_minutes = serializers.IntegerField(allow_null=True)
    resolution_minutes = serializers.IntegerField(allow_null=True)
    calendar = Named("slug")
    pause_reasons = serializers.ListField(child=serializers.CharField())
    active = serializers.BooleanField()
    version = serializers.IntegerField()


class Explain(StrictSerializer):
    cause = serializers.ChoiceField(choices=Cause.choices)
    note = Text(long=True, required=False, allow_blank=True)


class BreachOut(StrictSerializer):
    id = serializers.IntegerField()
    reference = serializers.CharField()
    goal = serializers.ChoiceField(choices=Goal.choices)
    policy = serializers.CharField(source="policy_name")
    target_minutes = serializers.IntegerField()
    breached_at = UtcDateTime()
    over_minutes = serializers.SerializerMethodField(help_text="business time beyond the target, so far")
    owner = Named("username", allow_null=True, help_text="who had the work then")
    team = serializers.CharField(source="team_label")
    cause = OptionalChoice(Cause.choices)
    cause_note = serializers.CharField()
    because = serializers.SerializerMethodField(help_text="the cause in words")
    explained_by = serializers.CharField()
    explained_at = UtcDateTime(allow_null=True)

    def get_over_minutes(self, breach: Any) -> int:
        return breach.over_at(self.context["now"]) // 60

    def get_because(self, breach: Any) -> str:
        return causes.in_words(breach.cause, breach.cause_note)


class PausesField(Text):
    """ "2027-02-04T15:00Z/2027-02-08T09:00Z", several with commas."""

    def to_internal_value(self, data: Any) -> list[Pause]:
        text, moment = super().to_internal_value(data), UtcDateTime()
        parts = [part.split("/") for part in text.split(",") if part.strip()]
        if len(parts) > MOST_PAUSES or any(len(part) != 2 for part in parts):
            raise exceptions.ValidationError(
                f"At most {MOST_PAUSES} pauses, each from/to, with commas between."
            )
        # A plus sign that nobody escaped arrives as a blank.
        ends = [[moment.to_internal_value(end.strip().replace(" ", "+")) for end in part] for part in parts]
        return [Pause(since, to) for since, to in ends]


class SimulationQuestion(StrictSerializer):
    priority = serializers.ChoiceField(choices=Priority.choices)
    organisation = Ref(
        Organisation, required=False, help_text="its tier counts, unless customer_tier is given"
    )
    customer_tier = serializers.ChoiceField(choices=CustomerTier.choices, required=False)
    kind = serializers.ChoiceField(choices=TicketKind.choices, required=False)
    application = Ref(Application, required=False)
    at = UtcDateTime(required=False, help_text="the start; now without it")
    policy = Number(required=False, min_value=1, help_text="what if the policy with this id were taken")
    calendar = Ref(Calendar, required=False, help_text="what if this calendar counted")
    pauses = PausesField(
        required=False,
        max_length=1000,
        help_text="from/to, as 2027-02-04T15:00Z/2027-02-08T09:00Z; with commas",
    )


class AlarmOut(StrictSerializer):
    percent = serializers.IntegerField()
    at = UtcDateTime()
    who = serializers.ListField(child=serializers.CharField())


class PromiseOut(StrictSerializer):
    goal = serializers.ChoiceField(choices=Goal.choices)
    target_minutes = serializers.IntegerField()
    due_at = UtcDateTime()
    alarms = AlarmOut(many=True)


class LoserOut(StrictSerializer):
    policy = serializers.CharField(source="name")
    why = serializers.CharField()


class SimulationOut(StrictSerializer):
    at = UtcDateTime()
    policy = serializers.CharField(
        allow_null=True, help_text="null: no policy fits, nothing would be promised"
    )
    policy_id = serializers.IntegerField(source="policy.pk", allow_null=True, default=None)
    calendar = serializers.CharField(source="calendar.slug", allow_null=True, default=None)
    zone = serializers.CharField()
    matched = serializers.ListField(child=serializers.CharField())
    lost = LoserOut(many=True)
    goals = PromiseOut(many=True, source="promises")
