"""What was told to whom and when (the ledger of promises), and what happened (the timeline)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from customers.models import Audience
from incidents.models.incident import Incident


class Update(models.Model):
    """One line of the promise ledger: what was told, when it was due, how late it was.

    The unique (incident, number) is the proof that a due moment was answered once. `next_due_at` is what
    the text promised.
    """

    class Kind(models.TextChoices):
        ACKNOWLEDGEMENT = "acknowledgement", "Acknowledgement"
        UPDATE = "update", "Update"
        POSTPONED = "postponed", "Next update put off"
        HOLDING = "holding", "Holding update"
        CATCH_UP = "catch_up", "Catch-up"
        RESTORED = "restored", "Service restored"
        CORRECTION = "correction", "Correction"

    SUBJECT = "update"

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="updates")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=15, choices=Kind.choices)
    audience = models.CharField(
        max_length=10, choices=Audience.choices, blank=True, help_text="Empty: everybody."
    )
    subject = models.CharField(max_length=77)
    body = models.TextField()
    what = models.TextField(blank=True)
    affected = models.TextField(blank=True)
    doing = models.TextField(blank=True)
    workaround = models.TextField(blank=True)
    wordings = models.JSONField(
        default=dict,
        blank=True,
        help_text="By audience, where it reads another text: subject, body, and the parts a person wrote for it.",
    )
    corrects = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="corrections",
        help_text="The update that said it first, however often it was corrected since.",
    )
    wrong = models.TextField(blank=True, help_text="What was wrong in the one it corrects.")
    edits = models.PositiveIntegerField(
        default=0, help_text="How often its wording changed after it was sent."
    )
    edited_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField()
    late_seconds = models.PositiveIntegerField(default=0)
    next_due_at = models.DateTimeField(null=True)
    recipients = models.PositiveIntegerField(default=0)
    check_at = models.DateTimeField(
        null=True,
        help_text="When to look whether it went out; empty once that is known or somebody was told.",
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    author_label = models.CharField(max_length=150)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["incident", "number"], name="incidents_update_once")]
        indexes = [
            models.Index(fields=["check_at"], name="incidents_unchecked", condition=Q(check_at__isnull=False))
        ]

    def __str__(self) -> str:
        return self.subject

    def text_for(self, audience: str) -> str:
        """The text that this audience reads: one of its own, else that of everybody."""
        return str(self.wordings.get(audience, {}).get("body") or self.body)

    def subject_for(self, audience: str) -> str:
        return str(self.wordings.get(audience, {}).get("subject") or self.subject)

    def wrote_for(self, audience: str) -> dict[str, str]:
        """The parts that a person wrote for this audience; empty where it got the text of everybody."""
        return dict(self.wordings.get(audience, {}).get("parts", {}))

    @property
    def is_automatic(self) -> bool:
        return self.kind in (self.Kind.HOLDING, self.Kind.CATCH_UP)


class UpdateRevision(models.Model):
    """What an update said until somebody changed its wording on the desk's pages; what was mailed stays as it was."""

    SUBJECT = "update_revision"

    update_changed = models.ForeignKey(Update, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    body = models.TextField()
    wordings = models.JSONField(default=dict, blank=True)
    edited_at = models.DateTimeField(help_text="When it stopped being shown.")
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    edited_by_label = models.CharField(max_length=150)
    why = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["update_changed", "number"], name="incidents_revision_once")
        ]
        ordering = ["number"]

    def __str__(self) -> str:
        return f"{self.update_changed} until {self.edited_at:%H:%M}"


class TimelineEntry(models.Model):
    """What happened. `recorded_at` differs from `happened_at` where a person wrote it down later."""

    class Kind(models.TextChoices):
        OBSERVATION = "observation", "Observation"
        DECISION = "decision", "Decision"
        UPDATE = "update", "Update"
        SYSTEM = "system", "System"

    SUBJECT = "timeline_entry"
    BY_PEOPLE = (Kind.OBSERVATION, Kind.DECISION)

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="timeline")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    body = models.TextField()
    happened_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    author_label = models.CharField(max_length=150)
    for_postmortem = models.BooleanField(default=False)
    work_kind = models.CharField(max_length=20, blank=True, help_text="Of the work that the line names.")
    work_id = models.BigIntegerField(null=True, help_text="Who may not see the work does not read the line.")
    update_sent = models.ForeignKey(Update, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name_plural = "timeline entries"
        indexes = [models.Index(fields=["incident", "happened_at", "id"], name="incidents_timeline")]

    def __str__(self) -> str:
        return self.body[:60]

    @property
    def is_back_dated(self) -> bool:
        return (self.recorded_at - self.happened_at).total_seconds() >= 60
