"""What the desk supports: applications, their components and where they run."""

from __future__ import annotations

from django.db import models

from core.accounts.permissions import Permission, can
from core.common.actor import Actor
from core.common.ids import Versioned


class CatalogueQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def visible_to(self, actor: Actor) -> CatalogueQuerySet:
        """Staff see the catalogue; customers meet it only as names on their own work."""
        return self if can(actor, Permission.VIEW_CATALOGUE) else self.none()


class Application(Versioned):
    SUBJECT = "application"

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=100)
    description = models.TextField(blank=True)
    public = models.BooleanField(default=False, help_text="Shown on the public status page.")

    objects = CatalogueQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Component(Versioned):
    class Layer(models.TextChoices):
        MACHINE = "machine", "Machine"
        APPLICATION = "application", "Application"
        BUSINESS_PROCESS = "business_process", "Business process"
        MIDDLEWARE = "middleware", "Middleware"

    SUBJECT = "component"

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="components")
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=100)
    layer = models.CharField(max_length=20, choices=Layer.choices, default=Layer.APPLICATION)
    public_name = models.CharField(
        max_length=100,
        blank=True,
        help_text="What outside readers may call it. Empty: they never read of it.",
    )

    objects = CatalogueQuerySet.as_manager()

    class Meta:
        ordering = ["application__name", "name"]

    def __str__(self) -> str:
        return self.name


class Dependency(models.Model):
    """`component` does not work without `needs`."""

    component = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="needs")
    needs = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="needed_by")

    class Meta:
        verbose_name_plural = "dependencies"
        constraints = [
            models.UniqueConstraint(fields=["component", "needs"], name="catalogue_dependency_once"),
            models.CheckConstraint(
                condition=~models.Q(component=models.F("needs")), name="catalogue_dependency_not_self"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.component} needs {self.needs}"


class Region(Versioned):
    SUBJECT = "region"

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=100)
    share_percent = models.PositiveSmallIntegerField(
        default=100, help_text="Share of all users, in per cent."
    )

    objects = CatalogueQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Service(Versioned):
    """A part of an application's work that can fail by itself."""

    SUBJECT = "service"

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="services")
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=100)
    share_percent = models.PositiveSmallIntegerField(default=100, help_text="Share of the work, in per cent.")

    objects = CatalogueQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Question(Versioned):
    """What the desk must know about a customer's environment of an application; answered once per organisation."""

    class Type(models.TextChoices):
        TEXT = "text", "Text"
        CHOICE = "choice", "Choice"
        VERSION = "version", "Version"

    SUBJECT = "question"

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="questions")
    key = models.SlugField(max_length=40)
    text = models.CharField(max_length=200)
    type = models.CharField(max_length=10, choices=Type.choices, default=Type.TEXT)
    choices = models.JSONField(default=list, blank=True)
    required = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField(default=0)

    objects = CatalogueQuerySet.as_manager()

    class Meta:
        ordering = ["application", "position", "id"]
        constraints = [models.UniqueConstraint(fields=["application", "key"], name="catalogue_question_once")]

    def __str__(self) -> str:
        return self.text
