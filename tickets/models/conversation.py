"""What is said on a ticket, and what helps to say it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from core.accounts.permissions import Permission, can
from core.common.actor import Actor
from core.common.ids import Versioned
from core.common.vocabulary import Channel
from escalation.models import Team
from tickets.models.ticket import Ticket


class EntryQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def visible_to(self, actor: Actor) -> EntryQuerySet:
        """Internal notes exist for those who work on tickets, and for nobody else."""
        if can(actor, Permission.WORK_TICKET):
            return self
        return self.exclude(kind=Entry.Kind.INTERNAL_NOTE)


class Entry(models.Model):
    """One message of the conversation; never changed, only added."""

    class Kind(models.TextChoices):
        PUBLIC_REPLY = "public_reply", "Reply"
        INTERNAL_NOTE = "internal_note", "Internal note"
        CUSTOMER_MESSAGE = "customer_message", "Customer"
        SYSTEM = "system", "System"

    SUBJECT = "entry"

    ticket = models.ForeignKey(Ticket, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    author_label = models.CharField(max_length=150)
    channel = models.CharField(max_length=10, choices=Channel.choices, default=Channel.WEB)
    body = models.TextField()
    body_html = models.TextField()
    created_at = models.DateTimeField()

    objects = EntryQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "id"]
        indexes = [models.Index(fields=["ticket", "created_at"], name="tickets_conversation")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} on {self.ticket_id} by {self.author_label}"

    @property
    def is_public(self) -> bool:
        return self.kind != Entry.Kind.INTERNAL_NOTE


class HeldReply(models.Model):
    """A reply on its way: it can be taken back until `release_at`, when the sweep makes an entry of it.

    The clocks are met at the release, not before. `release_at` is empty once it was sent or taken back.
    """

    SUBJECT = "held_reply"

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="held_replies")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    body = models.TextField()
    then_status = models.CharField(
        max_length=40, blank=True, help_text='Empty, "waiting", or "resolved:" and a resolution code.'
    )
    files = models.JSONField(default=list, help_text="Ids of the stored files that go along.")
    minutes = models.PositiveSmallIntegerField(null=True, help_text="Time that is logged when it is sent.")
    timer_since = models.DateTimeField(null=True, help_text="Start of the author's timer, which it ended.")
    last_seen = models.BigIntegerField(default=0)
    created_at = models.DateTimeField()
    release_at = models.DateTimeField(null=True)
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, null=True, related_name="held_as")
    taken_back_at = models.DateTimeField(null=True)
    note = models.TextField(blank=True, help_text="Why it could not be sent.")

    class Meta:
        indexes = [
            models.Index(
                fields=["release_at"], name="tickets_held_due", condition=models.Q(release_at__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return f"held reply on {self.ticket_id}"


class MacroQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def visible_to(self, actor: Actor) -> MacroQuerySet:
        """Those that the actor may use: everybody's and their teams', none that is out of use."""
        if not can(actor, Permission.WORK_TICKET):
            return self.none()
        teams = Team.objects.filter(Q(lead_id=actor.user_id) | Q(members=actor.user_id)).values("pk")
        mine = Q(owner__isnull=True) | Q(owner_id=actor.user_id)
        return self.filter(mine, Q(team__isnull=True) | Q(team__in=teams), active=True)


class Macro(Versioned):
    """A saved reply with field changes, or (without changes) a canned reply. Text may carry {variables}."""

    SUBJECT = "macro"

    name = models.CharField(max_length=100)
    text = models.TextField(blank=True)
    public = models.BooleanField(default=True, help_text="Whether the text goes to the customer.")
    changes = models.JSONField(default=dict, blank=True, help_text="Fields and the values that they get.")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="macros"
    )
    team = models.ForeignKey(Team, on_delete=models.CASCADE, null=True, blank=True, related_name="macros")
    active = models.BooleanField(default=True)

    objects = MacroQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
