"""What an incident cost in availability: assessed after restoring, each assessment kept."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from catalogue.models import Application, Region, Service
from incidents.models.incident import Incident


class ImpactAssessment(models.Model):
    """One judgement of the impact; the highest number of an incident is the one in force.

    `started_at` and `restored_at` are the incident's own when it was judged: when they have moved since, it no
    longer fits. The unique (incident, number) lets one of two win who judge at once.
    """

    SUBJECT = "impact_assessment"

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="assessments")
    number = models.PositiveIntegerField()
    no_impact = models.BooleanField(default=False)
    reason = models.TextField(blank=True, help_text="Why there was none, or why it is judged anew.")
    started_at = models.DateTimeField()
    restored_at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    by_label = models.CharField(max_length=150)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["incident", "number"], name="incidents_assessed_once"),
            models.CheckConstraint(
                condition=Q(no_impact=False) | ~Q(reason=""), name="incidents_no_impact_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"Impact of INC-{self.incident_id}, judged {self.number}"

    def fits(self, incident: Incident) -> bool:
        """Whether it speaks of the time that the incident took, as that is known now."""
        return (self.started_at, self.restored_at) == (incident.started_at, incident.restored_at)


class ImpactInterval(models.Model):
    """From when to when an application was gone or worse, for whom. No region: everywhere; no service: all of it.

    `degraded` is the share of those users who were hit, or of the work that failed for them: 0 to 1, as the
    outages of the availability arithmetic take it (HARD_CASES 34).
    """

    assessment = models.ForeignKey(ImpactAssessment, on_delete=models.PROTECT, related_name="intervals")
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="+")
    regions = models.ManyToManyField(Region, blank=True, related_name="+")
    services = models.ManyToManyField(Service, blank=True, related_name="+")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    degraded = models.DecimalField(
        max_digits=4, decimal_places=3, default=1, validators=[MinValueValidator(0), MaxValueValidator(1)]
    )
    planned = models.BooleanField(default=False)

    class Meta:
        ordering = ["application__name", "started_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__gt=F("started_at")), name="incidents_impact_ends_after_it_began"
            ),
            models.CheckConstraint(
                condition=Q(degraded__gt=0, degraded__lte=1), name="incidents_impact_is_a_share"
            ),
        ]
        indexes = [models.Index(fields=["application", "started_at"], name="incidents_impact_by_app")]

    def __str__(self) -> str:
        return f"{self.application} {self.degraded}"
