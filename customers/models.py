"""Who the desk works for."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from catalogue.models import Application, Question
from core.accounts.permissions import Permission, can
from core.common.actor import Actor
from core.common.ids import Versioned
from core.common.vocabulary import CustomerTier


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


class Subscription(models.Model):
    """A stakeholder who is told about the incidents of an application, an organisation, one incident, or all.

    `incident_id` is a plain number, as incidents stand above customers. With nothing named the
    subscription belongs to the default list, told when an incident names no application.
    """

    SUBJECT = "subscription"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="subscriptions",
    )
    email = models.EmailField(max_length=254, blank=True)
    audience = models.CharField(max_length=10, choices=Audience.choices, default=Audience.BUSINESS)
    application = models.ForeignKey(Application, on_delete=models.CASCADE, null=True, blank=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, null=True, blank=True)
    incident_id = models.BigIntegerField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["incident_id"], name="customers_sub_incident")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(user__isnull=False) | ~models.Q(email=""), name="customers_sub_has_address"
            )
        ]

    def __str__(self) -> str:
        return f"{self.address} ({self.audience})"

    @property
    def address(self) -> str:
        return self.user.email if self.user is not None else self.email


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
