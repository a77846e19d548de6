"""When somebody works, now and before: a calendar, and the hours that each of its versions had."""

from __future__ import annotations

from datetime import date
from typing import Any, NoReturn

from django.core.exceptions import ValidationError
from django.db import models

from core.common.ids import Versioned
from sla import calendars
from sla.business_time import Hours

BUSINESS_WEEK = {day: [["09:00", "17:00"]] for day in calendars.DAYS[:5]}


def business_week() -> dict[str, Any]:
    """Monday to Friday, nine to five: what a new calendar starts with."""
    return {day: [list(span) for span in spans] for day, spans in BUSINESS_WEEK.items()}


class OpeningHours(models.Model):
    """Hours by weekday in a time zone, less public holidays, with single days replaced."""

    HOURS = (
        "name", "zone", "weekly", "holiday_country", "holiday_subdivision", "extra_days", "always_open",
    )  # fmt: skip

    name = models.CharField(max_length=100)
    zone = models.CharField("time zone", max_length=64, default="Europe/London")
    weekly = models.JSONField(
        default=business_week, blank=True, help_text='{"mon": [["09:00", "12:00"], ["13:00", "17:00"]], ...}'
    )
    holiday_country = models.CharField(
        max_length=2, blank=True, help_text="Two letters, such as GB; empty: none."
    )
    holiday_subdivision = models.CharField(max_length=10, blank=True, help_text="A part of it, such as SCT.")
    extra_days = models.JSONField(
        default=dict,
        blank=True,
        help_text='{"2027-12-24": [["09:00", "12:00"]]}; an empty list closes the day.',
    )
    always_open = models.BooleanField(
        default=False, help_text="Around the clock: the hours above do not matter."
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    def hours(self) -> Hours:
        """The opening hours, ready for arithmetic. Raises ValueError when they make no sense."""
        return calendars.hours_from_facts(self.facts())

    def facts(self) -> dict[str, Any]:
        """What counts, by name: enough to make equal hours of."""
        return {name: getattr(self, name) for name in self.HOURS}

    def holiday(self, day: date) -> str:
        """The name of the public holiday on a day, or ""."""
        return calendars.holiday_name(self.holiday_country, self.holiday_subdivision, day)


class Calendar(OpeningHours, Versioned):
    """The hours in force. Each edit counts `version` up and leaves a CalendarVersion."""

    SUBJECT = "calendar"

    slug = models.SlugField(unique=True)

    class Meta:
        ordering = ["name"]

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.clean()
        super().save(*args, **kwargs)

    def clean(self) -> None:
        """Refuse, with a sentence, a calendar by which nothing could ever fall due."""
        if wrong := calendars.contradictions(self.facts()):
            raise ValidationError(wrong)


class VersionQuerySet(models.QuerySet["CalendarVersion"]):
    """Rows are added; nothing else."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise TypeError("The versions of a calendar are append-only.")

    def delete(self) -> NoReturn:
        raise TypeError("The versions of a calendar are append-only.")


class CalendarVersion(OpeningHours):
    """The hours of a calendar from a moment on. Never changed: a closed clock is explained by them."""

    calendar = models.ForeignKey(Calendar, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(help_text="The calendar's version.")
    since = models.DateTimeField()
    by_label = models.CharField(max_length=150, blank=True)

    objects = VersionQuerySet.as_manager()

    class Meta:
        ordering = ["calendar", "number"]
        constraints = [models.UniqueConstraint(fields=["calendar", "number"], name="sla_one_row_per_version")]

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError("The versions of a calendar are append-only.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("The versions of a calendar are append-only.")
