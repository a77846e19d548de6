"""How updates are worded, beyond what a person writes in one."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from core.accounts.permissions import Permission, can
from core.common.actor import Actor
from core.common.ids import Versioned
from customers.models import Audience
from incidents.models.incident import Incident
from incidents.models.story import Update


class UpdateTemplateQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def visible_to(self, actor: Actor) -> UpdateTemplateQuerySet:
        """Who reads incidents may read how their updates are worded."""
        return self if can(actor, Permission.VIEW_INCIDENTS) else self.none()


class UpdateTemplate(Versioned):
    """The desk's own subject and text for one kind of update and one audience, with {{variables}}.

    Without one for its audience the template for business readers is used; without that the built-in text.
    """

    SUBJECT = "update_template"
    KINDS = (
        Update.Kind.ACKNOWLEDGEMENT, Update.Kind.UPDATE, Update.Kind.HOLDING, Update.Kind.CATCH_UP,
        Update.Kind.RESTORED, Update.Kind.CORRECTION,
    )  # fmt: skip

    kind = models.CharField(max_length=15, choices=[(kind.value, kind.label) for kind in KINDS])
    audience = models.CharField(max_length=10, choices=Audience.choices, default=Audience.BUSINESS)
    subject = models.CharField(max_length=200, blank=True, help_text="Empty: the built-in one.")
    body = models.TextField()

    objects = UpdateTemplateQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "audience"], name="incidents_template_once")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} for {self.get_audience_display().lower()} readers"

    @property
    def key(self) -> str:
        """What the API calls it: holding-business."""
        return f"{self.kind}-{self.audience}"


class ApprovalRule(Versioned):
    """An update that readers of this audience get waits for another person, at these severities."""

    SUBJECT = "approval_rule"

    audience = models.CharField(max_length=10, choices=Audience.choices, unique=True)
    severities = models.JSONField(default=list, help_text="Empty in the list: not assessed yet.")

    objects = UpdateTemplateQuerySet.as_manager()

    def __str__(self) -> str:
        return f"Approval of updates for {self.get_audience_display().lower()} readers"


class PendingUpdate(models.Model):
    """An update that waits for somebody else to read it. `asked` is what its writer gave to send_update."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waits for approval"
        SENT = "sent", "Approved and sent"
        SENT_BACK = "sent_back", "Sent back"
        WITHDRAWN = "withdrawn", "Withdrawn"

    SUBJECT = "pending_update"

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="pending")
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    asked = models.JSONField()
    for_whom = models.CharField(max_length=60, help_text="Whose readers made it wait.")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    asked_by_label = models.CharField(max_length=150)
    asked_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_by_label = models.CharField(max_length=150, blank=True)
    decided_at = models.DateTimeField(null=True)
    note = models.TextField(blank=True)
    update_sent = models.ForeignKey(Update, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["incident"], condition=Q(state="waiting"), name="incidents_one_waits"
            )
        ]

    def __str__(self) -> str:
        return f"Update of {self.asked_by_label} on INC-{self.incident_id}"

    @property
    def as_update(self) -> Update:
        """The update as it would be sent, without a number; for reading alone."""
        parts = {name: self.asked[name] for name in ("what", "affected", "doing", "workaround")}
        own = {
            reader: {"parts": theirs, "body": "\n\n".join(filter(None, theirs.values()))}
            for reader, theirs in self.asked["wordings"].items()
        }
        body = "\n\n".join(filter(None, parts.values()))
        update = Update(
            incident_id=self.incident_id, kind=Update.Kind.UPDATE, audience=self.asked["audience"], body=body,
            wordings=own, author=self.asked_by, author_label=self.asked_by_label, **parts,
        )  # fmt: skip
        update.pending = self.pk  # type: ignore[attr-defined]
        return update
