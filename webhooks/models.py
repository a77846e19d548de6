"""Where other programs are told what happens here, and the ledger of what they were told."""

from __future__ import annotations

import re
from functools import reduce
from operator import or_

from django.conf import settings
from django.db import models
from django.db.models import Case, Q, When

from core.accounts.permissions import Permission, can
from core.common.actor import Actor
from core.common.ids import Versioned
from core.outbox.models import Endpoint, OutgoingMessage
from worklog import subjects

SOME_WORK = "one piece of work"


class WebhookQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def visible_to(self, actor: Actor) -> WebhookQuerySet:
        """All of them for who manages webhooks, for nobody else any; each with `only_seen` for `only_shown`."""
        if not can(actor, Permission.MANAGE_WEBHOOKS):
            return self.none()
        seen = [
            Q(only_kind=kind.name, only_id__in=kind.visible_to(actor).values("pk"))
            for kind in subjects.kinds()
        ]
        return self.filter(removed_at=None).annotate(
            only_seen=Case(
                When(reduce(or_, seen), then=True), default=False, output_field=models.BooleanField()
            )
        )


class Webhook(Versioned):
    """A program outside that asked for events. It hears what its owner may see, judged when it is told.

    `events` are published names or `kind.*`. `failures` counts the attempts that failed since the last one that
    worked, `failing_since` is the first of them. `stopped_why` says why the desk itself switched it off.
    """

    SUBJECT = "webhook"

    name = models.CharField(max_length=100)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    endpoint = models.OneToOneField(Endpoint, on_delete=models.PROTECT, related_name="+")
    events = models.JSONField(default=list)
    only_kind = models.CharField(max_length=30, blank=True)
    only_id = models.BigIntegerField(null=True)
    only_ref = models.CharField(max_length=40, blank=True, help_text="One piece of work alone.")
    active = models.BooleanField(default=True)
    stopped_why = models.TextField(blank=True)
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    objects = WebhookQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        indexes = [models.Index(fields=["active"], name="webhooks_active", condition=Q(active=True))]

    def __str__(self) -> str:
        return self.name

    @property
    def only_shown(self) -> str:
        """The one piece of work it is told of, by its reference where the reader found to see it (visible_to)."""
        return self.only_ref if getattr(self, "only_seen", False) or not self.only_ref else SOME_WORK

    @property
    def host(self) -> str:
        return self.endpoint.host


class DeliveryQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def visible_to(self, actor: Actor) -> DeliveryQuerySet:
        """What was told of work that the reader sees as well; what was withheld from its owner nobody sees here."""
        if not can(actor, Permission.MANAGE_WEBHOOKS):
            return self.none()
        seen = [Q(subject_kind="")]
        for kind in subjects.kinds():
            seen.append(Q(subject_kind=kind.name, subject_id__in=kind.visible_to(actor).values("pk")))
        return self.filter(reduce(or_, seen), webhook__removed_at=None).exclude(state=Delivery.State.WITHHELD)

    def unfinished(self) -> DeliveryQuerySet:
        return self.filter(state__in=Delivery.OPEN)


class Delivery(models.Model):
    """One event for one webhook. Its message in the outbox holds the body and is held until its turn.

    In its turn: what happened to one object reaches one webhook in the order of the events, so a row waits until no
    earlier one of the same webhook and object is open. `due_at` is empty once the outbox has it. `keep_until` is
    when body and answers are forgotten.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENDING = "sending", "On its way"
        DELIVERED = "delivered", "Delivered"
        DEAD = "dead", "Dead letter"
        SKIPPED = "skipped", "Skipped"
        WITHHELD = "withheld", "Withheld"

    OPEN = (State.WAITING, State.SENDING)

    webhook = models.ForeignKey(Webhook, on_delete=models.PROTECT, related_name="deliveries")
    event_id = models.BigIntegerField(null=True, help_text="Of the trail; none for a test.")
    type = models.CharField(max_length=60)
    subject_kind = models.CharField(max_length=30, blank=True)
    subject_id = models.BigIntegerField(null=True)
    subject_ref = models.CharField(max_length=40, blank=True)
    message = models.OneToOneField(OutgoingMessage, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    due_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    keep_until = models.DateTimeField(null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["webhook", "event_id"], name="webhooks_event_once"),
            # The proof of the order: of one object one event is on its way to one webhook.
            models.UniqueConstraint(
                fields=["webhook", "subject_kind", "subject_id"],
                name="webhooks_one_on_its_way",
                condition=Q(state="sending") & ~Q(subject_kind=""),
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="webhooks_due", condition=Q(due_at__isnull=False)),
            models.Index(
                fields=["webhook", "subject_kind", "subject_id", "event_id"], name="webhooks_line",
                condition=Q(state__in=["waiting", "sending"]),
            ),
            models.Index(fields=["keep_until"], name="webhooks_forget", condition=Q(keep_until__isnull=False)),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.type} {self.subject_ref}".strip()

    @property
    def why(self) -> str:
        """What the outbox noted last, without the kind of error in front."""
        return re.sub(r"^[A-Z]\w+: ", "", self.message.note)

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN


class Attempt(models.Model):
    """One call: when, how long, and what came back. `status` is empty where nothing did."""

    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="attempts")
    at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField()
    status = models.PositiveSmallIntegerField(null=True)
    answer = models.TextField(blank=True, help_text="The first KB.")
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.status or self.error} at {self.at:%Y-%m-%d %H:%M:%S}"
