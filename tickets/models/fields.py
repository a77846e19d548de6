"""Facts that a desk adds to its tickets."""

from __future__ import annotations

from django.db import models

from catalogue.models import Application
from core.common.ids import Versioned
from core.common.vocabulary import TicketKind


class CustomField(Versioned):
    """One more field of tickets, for a kind, an application, or all. Its values lie in Ticket.custom by key."""

    class Type(models.TextChoices):
        TEXT = "text", "Text"
        NUMBER = "number", "Number"
        CHOICE = "choice", "Choice"
        DATE = "date", "Date"

    SUBJECT = "custom_field"

    key = models.SlugField(max_length=40, unique=True)
    label = models.CharField(max_length=80)
    type = models.CharField(max_length=10, choices=Type.choices, default=Type.TEXT)
    choices = models.JSONField(default=list, blank=True)
    required = models.BooleanField(default=False)
    kind = models.CharField(max_length=20, choices=TicketKind.choices, blank=True)
    application = models.ForeignKey(
        Application, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    position = models.PositiveSmallIntegerField(default=0)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "label"]

    def __str__(self) -> str:
        return self.label
