"""Who had which role on an incident, and when."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from incidents.models.incident import Incident


class RoleHolding(models.Model):
    """One person's time in a role; the open row says the same as the incident's own column."""

    class Role(models.TextChoices):
        COMMANDER = "commander", "commander"
        COMMUNICATIONS_LEAD = "communications_lead", "communications lead"
        SCRIBE = "scribe", "scribe"

    SUBJECT = "role_holding"

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="holdings")
    role = models.CharField(max_length=19, choices=Role.choices)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    given_by_label = models.CharField(max_length=150)
    note = models.TextField(blank=True, help_text="What who handed it over had to say.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "role"], condition=Q(until__isnull=True), name="incidents_one_holder"
            )
        ]

    def __str__(self) -> str:
        return f"{self.person} is {self.get_role_display()}"
