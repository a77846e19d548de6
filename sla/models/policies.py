"""What is promised to whom."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from catalogue.models import Application
from core.common.ids import Versioned
from core.common.vocabulary import CustomerTier, Priority, TicketKind
from sla import rules
from sla.models.calendars import Calendar

ANY_DAY = datetime(2027, 1, 1, tzinfo=UTC)


class Goal(models.TextChoices):
    FIRST_RESPONSE = "first_response", "First response"
    NEXT_RESPONSE = "next_response", "Next response"
    RESOLUTION = "resolution", "Resolution"


class Policy(Versioned):
    """What is promised to whom: targets in minutes of a calendar. Empty match fields mean anybody."""

    SUBJECT = "policy"

    name = models.CharField(max_length=100, unique=True)
    order = models.PositiveIntegerField(
        default=100, help_text="Among equally specific policies the lowest counts."
    )
    customer_tier = models.CharField(max_length=20, choices=CustomerTier.choices, blank=True)
    kind = models.CharField(max_length=30, choices=TicketKind.choices, blank=True)
    application = models.ForeignKey(
        Application, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    priority = models.CharField(max_length=2, choices=Priority.choices, blank=True)
    first_response_minutes = models.PositiveIntegerField(null=True, blank=True)
    next_response_minutes = models.PositiveIntegerField(null=True, blank=True)
    resolution_minutes = models.PositiveIntegerField(null=True, blank=True)
    calendar = models.ForeignKey(Calendar, on_delete=models.PROTECT, related_name="policies")
    pause_reasons = models.JSONField(
        default=list, blank=True, help_text='Reasons for holding that pause the clocks, such as ["vendor"].'
    )
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["order", "id"]
        verbose_name_plural = "policies"

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.clean()
        super().save(*args, **kwargs)

    @property
    def targets(self) -> tuple[int | None, int | None, int | None]:
        """First response, next response, resolution: minutes, None where nothing is promised."""
        return self.first_response_minutes, self.next_response_minutes, self.resolution_minutes

    def target(self, goal: str) -> int | None:
        """The minutes promised for a goal; None when nothing is promised."""
        return dict(zip(Goal.values, self.targets, strict=True))[goal] or None

    def clean(self) -> None:
        """Refuse, with a sentence, a policy that contradicts itself."""
        wrong = rules.contradictions(targets=self.targets, pause_reasons=self.pause_reasons)
        if not wrong and self.calendar_id is not None:  # a missing calendar is reported by the form
            wrong = self._unkept_by_calendar()
        if wrong:
            raise ValidationError(wrong)

    def _unkept_by_calendar(self) -> dict[str, list[str]]:
        try:
            self.calendar.hours().add(ANY_DAY, max(filter(None, self.targets)))
        except ValueError as error:
            return {"calendar": [f"The calendar “{self.calendar}” cannot keep this policy: {error}"]}
        return {}
