"""Paging: how a team is escalated to, who was paged about what, and by which way each of them is reached."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from core.accounts.permissions import Permission, can
from core.common.actor import Actor
from core.common.ids import Referenced, Versioned
from core.outbox.models import Endpoint, OutgoingMessage
from escalation import page_subjects
from escalation.models.directory import DirectoryQuerySet, Team

USER = settings.AUTH_USER_MODEL


class EscalationPolicy(Versioned):
    """Who of a team is told first, how long each step waits for an answer, and what starts it by itself.

    A running page follows the copy that was taken when it started, never this row.
    """

    SUBJECT = "escalation_policy"

    class OnIncident(models.TextChoices):
        NEVER = "", "Never"
        OWNED = "owned", "When an incident is declared on what the team owns"
        ANY = "any", "When any incident is declared"

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="policies")
    name = models.CharField(max_length=100)
    is_default = models.BooleanField(
        default=False, help_text="Used when the team is paged without naming one."
    )
    repeat = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(9)],
        help_text="How often it starts again from the first step.",
    )
    stale_minutes = models.PositiveSmallIntegerField(
        null=True, blank=True, default=30, validators=[MinValueValidator(5), MaxValueValidator(1440)],
        help_text="Minutes after which an acknowledgement of unfinished work is asked about; empty: never.",
    )  # fmt: skip
    on_breach = models.BooleanField(
        default=False, help_text="Starts when one of the team's tickets misses a target."
    )
    unassigned_p0_minutes = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(1440)],
        help_text="Starts when a P0 of the team has had no owner for so long; empty: never.",
    )  # fmt: skip
    on_incident = models.CharField(max_length=10, choices=OnIncident.choices, blank=True, default="")
    active = models.BooleanField(default=True)

    objects = DirectoryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "escalation policies"
        ordering = ["team", "-is_default", "name"]
        constraints = [
            models.UniqueConstraint(fields=["team", "name"], name="escalation_policy_name"),
            models.UniqueConstraint(
                fields=["team"], name="escalation_policy_default", condition=Q(is_default=True, active=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.team}: {self.name}"


class PolicyStep(models.Model):
    """One step; `wait_minutes` is how long it is given to answer before the next one."""

    policy = models.ForeignKey(EscalationPolicy, on_delete=models.CASCADE, related_name="steps")
    number = models.PositiveSmallIntegerField()
    wait_minutes = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["policy", "number"], name="escalation_step_once"),
            models.CheckConstraint(condition=Q(wait_minutes__range=(1, 240)), name="escalation_step_waits"),
        ]

    def __str__(self) -> str:
        return f"step {self.number} of {self.policy}"


class StepTarget(models.Model):
    """Whom a step tells. All but a person belong to a team: by default the policy's own."""

    class Kind(models.TextChoices):
        ON_CALL = "on_call", "Who is on call"
        TEAM = "team", "Everybody in the team"
        LEAD = "lead", "The team's lead"
        MANAGER = "manager", "The team's manager"
        PERSON = "person", "One person"

    step = models.ForeignKey(PolicyStep, on_delete=models.CASCADE, related_name="targets")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, related_name="+")
    person = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    rotation_step = models.PositiveSmallIntegerField(
        default=1, help_text="1: called first, 2: second on call."
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="person", person__isnull=False, team__isnull=True)
                | (~Q(kind="person") & Q(person__isnull=True, team__isnull=False)),
                name="escalation_target_is_one",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.person or self.team}"


class PageQuerySet(models.QuerySet):  # type: ignore[type-arg]
    def visible_to(self, actor: Actor) -> PageQuerySet:
        """For who may page people: those about nothing in particular, and about work that they may see.

        For other staff those that they were told of.
        """
        if actor.is_system:
            return self
        if not can(actor, Permission.VIEW_DIRECTORY):
            return self.none()
        seen = Q(about_kind="")
        for kind, info in page_subjects.kinds().items():
            seen |= Q(about_kind=kind, about_id__in=info.visible_to(actor).values("pk"))
        if not can(actor, Permission.PAGE):
            told = PageNotice.objects.filter(person_id=actor.user_id).values("page")
            seen &= Q(pk__in=told)
        return self.filter(seen)


class Page(Referenced, Versioned):
    """Somebody is called until somebody answers.

    `plan` is the copy of the policy at the start. `next_step_at` is what the sweep looks for: the next step while
    it runs, the question whether somebody is still on it while it is acknowledged. `round` and `step` name the
    last step that was told; step 0 is before the first.
    """

    PREFIX = "PAGE"
    SUBJECT = "page"

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        ACKNOWLEDGED = "acknowledged", "Acknowledged"
        RESOLVED = "resolved", "Over"
        EXHAUSTED = "exhausted", "Nobody answered"
        CANCELLED = "cancelled", "Cancelled"

    LIVE = (State.RUNNING, State.ACKNOWLEDGED)

    policy = models.ForeignKey(EscalationPolicy, on_delete=models.PROTECT, related_name="pages")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="pages")
    plan = models.JSONField()
    about_kind = models.CharField(max_length=30, blank=True)
    about_id = models.BigIntegerField(null=True)
    about_ref = models.CharField(max_length=40, blank=True)
    reason = models.CharField(max_length=500, help_text="Why, in one sentence.")
    started_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    started_by_label = models.CharField(max_length=150)
    started_at = models.DateTimeField()
    start_key = models.CharField(
        max_length=120, null=True, unique=True, help_text="Of what started it, so that this happens once."
    )
    state = models.CharField(max_length=12, choices=State.choices, default=State.RUNNING)
    round = models.PositiveSmallIntegerField(default=1)
    step = models.PositiveSmallIntegerField(default=0)
    next_step_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    acknowledged_at = models.DateTimeField(null=True)
    acknowledgements = models.PositiveSmallIntegerField(default=0)
    stale_asked_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects = PageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["running", "acknowledged"]) | Q(next_step_at__isnull=True),
                name="escalation_page_due_while_live",
            ),
            models.UniqueConstraint(
                fields=["policy", "about_kind", "about_id"],
                name="escalation_page_live_once",
                condition=Q(state__in=["running", "acknowledged"], about_id__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_step_at"], name="escalation_page_due", condition=Q(next_step_at__isnull=False)
            ),
            models.Index(fields=["about_kind", "about_id"], name="escalation_page_about"),
            models.Index(fields=["-started_at", "-id"], name="escalation_page_by_age"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_live(self) -> bool:
        return self.state in self.LIVE


class PagingChannel(models.Model):
    """A way by which a person or a team wants to be paged. A person without any gets mail."""

    SUBJECT = "paging_channel"
    EMAIL = "email"
    TRANSPORTS = [(EMAIL, "E-mail"), *Endpoint.Transport.choices]

    person = models.ForeignKey(USER, on_delete=models.CASCADE, null=True, related_name="paging_channels")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, null=True, related_name="paging_channels")
    transport = models.CharField(max_length=20, choices=TRANSPORTS)
    label = models.CharField(max_length=60, blank=True)
    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(person__isnull=True, team__isnull=False)
                | Q(person__isnull=False, team__isnull=True),
                name="escalation_channel_one_owner",
            ),
            models.CheckConstraint(
                condition=Q(transport="email", endpoint__isnull=True)
                | (~Q(transport="email") & Q(endpoint__isnull=False)),
                name="escalation_channel_leads_somewhere",
            ),
            models.UniqueConstraint(
                fields=["person"],
                name="escalation_person_mail_once",
                condition=Q(transport="email", removed_at__isnull=True, person__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["team"],
                name="escalation_team_mail_once",
                condition=Q(transport="email", removed_at__isnull=True, team__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.label or self.get_transport_display()


class PageNotice(models.Model):
    """The ledger: who was told at which step by which channel. The unique key is the proof that it was once.

    `number` is the round of a step, and which acknowledgement a question was about.
    """

    class Kind(models.TextChoices):
        STEP = "step", "Paged"
        STALE = "stale", "Asked whether still on it"
        GAP = "gap", "Told that nobody is on call"
        EXHAUSTED = "exhausted", "Told that nobody answered"

    page = models.ForeignKey(Page, on_delete=models.PROTECT, related_name="notices")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.STEP)
    number = models.PositiveSmallIntegerField()
    step = models.PositiveSmallIntegerField()
    person = models.ForeignKey(USER, on_delete=models.PROTECT, null=True, related_name="+")
    recipient = models.CharField(
        max_length=30, help_text="user:7, or team:3 for what belongs to nobody alone."
    )
    channel = models.CharField(max_length=30, help_text="email, or channel:5.")
    said = models.CharField(max_length=120, help_text="Whom, why and how, in words.")
    message = models.ForeignKey(OutgoingMessage, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["page", "kind", "number", "step", "recipient", "channel"],
                name="escalation_notice_once",
            )
        ]

    def __str__(self) -> str:
        return self.said
