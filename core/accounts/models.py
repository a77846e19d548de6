"""People, what they may do, and the keys that programs use."""

from __future__ import annotations

from functools import cached_property

from django.contrib.auth.models import AbstractUser
from django.db import models

from core.common.vocabulary import Role


class User(AbstractUser):
    """Somebody who signs in: staff, a customer's contact, or an integration."""

    SUBJECT = "user"

    phone = models.CharField(max_length=40, blank=True)
    timezone = models.CharField(max_length=64, default="UTC")
    job_title = models.CharField(max_length=100, blank=True)
    shortcuts = models.BooleanField(default=True, help_text="Single keys act on pages (WCAG 2.1.4).")
    theme = models.CharField(
        max_length=5,
        choices=[("light", "Light"), ("dark", "Dark")],
        blank=True,
        help_text="Empty: the system's.",
    )

    class Meta(AbstractUser.Meta):
        ordering = ["username"]

    def __str__(self) -> str:
        return self.username

    @property
    def display_name(self) -> str:
        return self.get_full_name() or self.username

    @property
    def initials(self) -> str:
        parts = self.display_name.split()
        return "".join(part[0] for part in parts[:2]).upper()

    @cached_property
    def role_set(self) -> frozenset[Role]:
        """The roles, read once per request object."""
        granted = frozenset(Role(grant.role) for grant in self.role_grants.all())
        return granted | {Role.ADMIN} if self.is_superuser else granted

    @property
    def is_desk_staff(self) -> bool:
        return bool(self.role_set - {Role.CUSTOMER})


class RoleGrant(models.Model):
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="role_grants")
    role = models.CharField(max_length=30, choices=Role.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "role"], name="accounts_role_once")]

    def __str__(self) -> str:
        return f"{self.user} as {self.role}"


class ApiToken(models.Model):
    """A key to the API. Only a digest is stored; the token itself is shown once."""

    SUBJECT = "api_token"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12, unique=True)
    digest = models.CharField(max_length=64)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class IdempotentCall(models.Model):
    """The first answer to a POST that carried an Idempotency-Key, kept for 24 hours."""

    principal = models.CharField(max_length=60)
    key = models.CharField(max_length=255)
    method = models.CharField(max_length=10)
    path = models.CharField(max_length=500)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["principal", "method", "path", "key"], name="accounts_idempotent_once"
            )
        ]
        indexes = [models.Index(fields=["created_at"], name="accounts_idempotent_age")]

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.key}"
