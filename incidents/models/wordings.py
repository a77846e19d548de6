"""How updates are worded, beyond what a person writes in one."""

from __future__ import annotations

from django.db import models

from core.accounts.permissions import Permission, can
from core.common.actor import Actor
from core.common.ids import Versioned
from customers.models import Audience
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
