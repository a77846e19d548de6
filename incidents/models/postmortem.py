"""The post-mortem of an incident: owed, written, published with its facts frozen."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from core.accounts.permissions import Permission, can
from core.common.actor import Actor
from core.common.ids import Versioned
from incidents.models.incident import Incident


class PostmortemQuerySet(models.QuerySet["Postmortem"]):
    def visible_to(self, actor: Actor) -> PostmortemQuerySet:
        """As their incidents."""
        return self if can(actor, Permission.VIEW_INCIDENTS) else self.none()

    def unfinished(self) -> PostmortemQuerySet:
        return self.filter(status__in=Postmortem.UNFINISHED)

    def awaited(self) -> PostmortemQuerySet:
        """Those that somebody waits for or writes: not what was owed once, before the incident changed."""
        return self.unfinished().exclude(status=Postmortem.Status.OWED, due_at=None)


class Postmortem(Versioned):
    """What happened and what is learnt from it; one an incident.

    `owed` until somebody begins to write. `next_chase_at` is the due column of the sweep that reminds; the
    database keeps it empty once the text is published or nobody has to write it. `facts` is what was true at
    publication, as plain data: no later change reaches it.
    """

    class Status(models.TextChoices):
        OWED = "owed", "Not begun"
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"
        WAIVED = "waived", "Waived"

    SUBJECT = "postmortem"
    UNFINISHED = (Status.OWED, Status.DRAFT)
    # The parts that people write, in the order of the document.
    SECTIONS = {
        "summary": "Executive summary",
        "root_cause": "Root cause",
        "went_well": "What went well",
        "went_badly": "What went badly",
        "lucky": "Where we were lucky",
        "lessons": "Lessons",
    }

    incident = models.OneToOneField(Incident, on_delete=models.PROTECT, related_name="postmortem")
    status = models.CharField(max_length=9, choices=Status.choices, default=Status.OWED)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    due_at = models.DateTimeField(null=True, help_text="Empty: nobody waits for it.")
    next_chase_at = models.DateTimeField(null=True)
    summary = models.TextField(blank=True)
    root_cause = models.TextField(blank=True)
    went_well = models.TextField(blank=True)
    went_badly = models.TextField(blank=True)
    lucky = models.TextField(blank=True)
    lessons = models.TextField(blank=True)
    no_actions_reason = models.TextField(blank=True, help_text="Why nothing is to be done about it.")
    facts = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)
    published_by_label = models.CharField(max_length=150, blank=True)
    waive_reason = models.TextField(blank=True)
    waived_by_label = models.CharField(max_length=150, blank=True)

    objects = PostmortemQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(next_chase_at__isnull=True) | Q(status__in=["owed", "draft"]),
                name="incidents_finished_is_not_chased",
            ),
            models.CheckConstraint(
                condition=~Q(status="published") | Q(published_at__isnull=False),
                name="incidents_published_says_when",
            ),
            models.CheckConstraint(
                condition=~Q(status="waived") | ~Q(waive_reason=""), name="incidents_waived_says_why"
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_chase_at"],
                name="incidents_chase_due",
                condition=Q(next_chase_at__isnull=False),
            ),
            models.Index(
                fields=["due_at", "id"],
                name="incidents_unwritten",
                condition=Q(status__in=["owed", "draft"]),
            ),
        ]

    def __str__(self) -> str:
        return f"Post-mortem of INC-{self.incident_id}"

    @property
    def is_published(self) -> bool:
        return self.status == self.Status.PUBLISHED

    @property
    def is_written(self) -> bool:
        """Somebody has begun: there is a document."""
        return self.status in (self.Status.DRAFT, self.Status.PUBLISHED)
