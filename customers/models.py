"""Who the desk works for."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from catalogue.models import Application, Question, Service
from core.accounts.permissions import Permission, can
from core.common.actor import Actor
from core.common.ids import Versioned
from core.common.vocabulary import CustomerTier
from core.outbox.models import Endpoint


class CustomerQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def visible_to(self, actor: Actor) -> CustomerQuerySet:
        return self if can(actor, Permission.VIEW_CUSTOMERS) else self.none()


class Organisation(Versioned):
    SUBJECT = "organisation"

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    tier = models.CharField(max_length=10, choices=CustomerTier.choices, default=CustomerTier.STANDARD)
    timezone = models.CharField(max_length=64, default="UTC")
    account_manager = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    applications = models.ManyToManyField(Application, blank=True, related_name="organisations")
    renewal_date = models.DateField(null=True, blank=True)
    at_risk = models.BooleanField(default=False)
    notes = models.TextField(blank=True)

    objects = CustomerQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Contact(Versioned):
    """A person at a customer. With a user they can sign in; with `sees_organisation` they see all its tickets."""

    SUBJECT = "contact"

    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="contacts"
    )
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="contact"
    )
    name = models.CharField(max_length=120)
    email = models.EmailField(max_length=254, unique=True)
    phone = models.CharField(max_length=40, blank=True)
    job_title = models.CharField(max_length=100, blank=True)
    sees_organisation = models.BooleanField(default=False)

    objects = CustomerQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return f"{self.name} <{self.email}>"


class Audience(models.TextChoices):
    BUSINESS = "business", "Business"
    TECHNICAL = "technical", "Technical"
    EXTERNAL = "external", "External"


EMAIL = "email"
CHANNELS = [(EMAIL, "E-mail"), *Endpoint.Transport.choices]


class SubscriptionQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def visible_to(self, actor: Actor) -> SubscriptionQuerySet:
        """Staff see the lists; a customer sees none."""
        return self if can(actor, Permission.VIEW_INCIDENTS) else self.none()

    def running(self) -> SubscriptionQuerySet:
        """Not ended; the unconfirmed among them wait."""
        return self.filter(ended_at=None).exclude(user__is_active=False)

    def told(self) -> SubscriptionQuerySet:
        """Those that get messages now."""
        return self.running().filter(unconfirmed_since=None)


class Subscription(models.Model):
    """A stakeholder who is told about the incidents of an application, an organisation, one incident, or all.

    `incident_id` is a plain number, as incidents stand above customers. With nothing named the
    subscription belongs to the default list, told when an incident names no application.
    By mail to a person or a bare address, or to an endpoint (Teams, Slack, webhook). An outside address is
    unconfirmed until somebody there has followed the link; until then it gets nothing else.
    """

    SUBJECT = "subscription"

    class Source(models.TextChoices):
        """Where it was begun. Who put themselves on a list hears no more than they may read anyway."""

        DESK = "desk", "The desk"
        STATUS = "status", "The status page"
        PORTAL = "portal", "The customers' pages"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="subscriptions",
    )
    email = models.EmailField(max_length=254, blank=True)
    endpoint = models.ForeignKey(
        Endpoint, on_delete=models.PROTECT, null=True, blank=True, related_name="subscriptions"
    )
    label = models.CharField(max_length=60, blank=True, help_text="What people call the chat: #incidents.")
    audience = models.CharField(max_length=10, choices=Audience.choices, default=Audience.BUSINESS)
    source = models.CharField(max_length=6, choices=Source.choices, default=Source.DESK)
    application = models.ForeignKey(Application, on_delete=models.CASCADE, null=True, blank=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, null=True, blank=True)
    incident_id = models.BigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    unconfirmed_since = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["incident_id"], name="customers_sub_incident")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(user__isnull=False)
                | ~models.Q(email="")
                | models.Q(endpoint__isnull=False),
                name="customers_sub_has_address",
            )
        ]

    def __str__(self) -> str:
        return f"{self.who} ({self.audience})"

    @property
    def address(self) -> str:
        """The mail address; empty for a chat or webhook."""
        if self.endpoint_id is not None:
            return ""
        return self.user.email if self.user is not None else self.email

    @property
    def channel(self) -> str:
        return self.endpoint.transport if self.endpoint is not None else EMAIL

    @property
    def channel_name(self) -> str:
        return dict(CHANNELS)[self.channel]

    @property
    def who(self) -> str:
        """Who or what is told, in words; of a chat no more than its name and host."""
        if self.endpoint is not None:
            return f"{self.label} ({self.endpoint})" if self.label else str(self.endpoint)
        return self.address

    @property
    def what(self) -> str:
        """What they are told about, in words."""
        if self.incident_id is not None:
            return f"INC-{self.incident_id}"
        named = [str(one) for one in (self.application, self.organisation) if one is not None]
        return " for ".join(named) if named else "incidents that name no application"


class BusyWindow(Versioned):
    """When a customer must not be disturbed: weekdays and hours by their own clock."""

    SUBJECT = "busy_window"

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="busy_windows")
    weekdays = models.JSONField(default=list, help_text="0 is Monday.")
    starts = models.TimeField()
    ends = models.TimeField()
    timezone = models.CharField(max_length=64)
    note = models.CharField(max_length=200, blank=True)

    objects = CustomerQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.organisation} {self.starts:%H:%M}-{self.ends:%H:%M} {self.timezone}"


class ImpactNote(Versioned):
    """What stops for a customer, or one person there, when an application fails; and what they do by hand meanwhile.

    The window says when it hurts most, by their own clock: no weekday means every day, no hours the whole day.
    """

    SUBJECT = "impact_note"

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, null=True, blank=True, related_name="impact_notes"
    )
    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, null=True, blank=True, related_name="impact_notes"
    )
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="impact_notes")
    service = models.ForeignKey(Service, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    stops = models.TextField(help_text="What stops for them.")
    weekdays = models.JSONField(default=list, blank=True, help_text="When it hurts most; 0 is Monday.")
    starts = models.TimeField(null=True, blank=True)
    ends = models.TimeField(null=True, blank=True)
    timezone = models.CharField(max_length=64, default="UTC")
    workaround = models.TextField(blank=True, help_text="What they do by hand meanwhile.")
    tell = models.CharField(max_length=200, blank=True, help_text="Who must be told there.")
    review_on = models.DateField(null=True, blank=True)

    objects = CustomerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(organisation__isnull=False) | models.Q(contact__isnull=False),
                name="customers_impact_of_somebody",
            )
        ]

    def __str__(self) -> str:
        return f"{self.whose}: {self.application}"

    @property
    def whose(self) -> str:
        """The person and the customer, as far as they are named."""
        person = self.contact.name if self.contact is not None else ""
        return ", ".join(name for name in (person, str(self.organisation or "")) if name)


class EnvironmentAnswer(models.Model):
    """An organisation's answer to a question of an application, with the one before it for the difference."""

    SUBJECT = "environment_answer"

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="environment")
    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="answers")
    value = models.CharField(max_length=500)
    before = models.CharField(max_length=500, blank=True)
    answered_at = models.DateTimeField()

    objects = CustomerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "question"], name="customers_answer_once")
        ]

    def __str__(self) -> str:
        return f"{self.question}: {self.value}"
