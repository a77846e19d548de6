"""What people type when they page somebody, write a policy, or say how they want to be paged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from django import forms
from django.db.models import QuerySet

from core.accounts.models import User
from core.outbox import filling
from escalation import paging_rules as rules
from escalation.models import EscalationPolicy, PagingChannel, Team
from escalation.paging_rules import Step, Target

MOST_SHOWN_STEPS = rules.MOST_STEPS
OWN = "own"


class PageForm(forms.Form):
    """Whom, about what, and why. `form_key` makes a button that is pressed twice page once."""

    form_key = forms.UUIDField(widget=forms.HiddenInput, required=False)
    about = forms.CharField(
        required=False, max_length=40, help_text="TKT-12 or INC-3; empty when it is about neither."
    )
    team = forms.ModelChoiceField(
        Team.objects.none(),
        to_field_name="slug",
        label="Whom to page",
        required=False,
        empty_label="Choose a team",
    )
    policy = forms.ModelChoiceField(
        EscalationPolicy.objects.none(),
        required=False,
        label="By another policy",
        empty_label="The team's default",
    )
    reason = forms.CharField(
        max_length=500, label="Why", help_text="One sentence; it is what they read first."
    )

    def __init__(
        self, *args: Any, teams: QuerySet[Team], policies: QuerySet[EscalationPolicy], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = teams  # type: ignore[attr-defined]
        others = policies.filter(active=True, is_default=False)
        if others.exists():
            self.fields["policy"].queryset = others  # type: ignore[attr-defined]
        else:
            del self.fields["policy"]
        self.fields["form_key"].initial = uuid4()

    def asked(self) -> dict[str, Any]:
        """What the operation takes, from cleaned data."""
        data = self.cleaned_data
        return {
            "reason": data["reason"], "about": data["about"], "team": data["team"], "policy": data.get("policy"),
            "form_key": str(data["form_key"] or ""),
        }  # fmt: skip


class CancelForm(forms.Form):
    reason = forms.CharField(max_length=500, label="Why does nobody need to come?")


class PolicyForm(forms.Form):
    """A policy without its steps, which are forms of their own."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    name = forms.CharField(max_length=100, help_text="Its name in the list, such as Out of hours.")
    is_default = forms.BooleanField(
        required=False, label="The team's default: used when nobody names a policy"
    )
    repeat = forms.IntegerField(
        min_value=0, max_value=9, initial=0, label="Start again",
        help_text="How often it goes through all steps once more when nobody answers.",
    )  # fmt: skip
    stale_minutes = forms.IntegerField(
        required=False, min_value=5, max_value=1440, initial=30, label="Ask whether they are still on it after",
        help_text="Minutes since the acknowledgement of unfinished work; empty: never.",
    )  # fmt: skip
    on_breach = forms.BooleanField(required=False, label="When one of the team's tickets misses a target")
    unassigned_p0_minutes = forms.IntegerField(
        required=False, min_value=1, max_value=1440, label="When nobody has taken a P0 for",
        help_text="Minutes; empty: never.",
    )  # fmt: skip
    on_incident = forms.ChoiceField(
        choices=EscalationPolicy.OnIncident.choices, required=False, label="Incidents"
    )
    active = forms.BooleanField(required=False, initial=True, label="In use")


class StepForm(forms.Form):
    """One step: whom of the team, which other people, whose on-call person besides, and how long it waits."""

    wait_minutes = forms.IntegerField(
        min_value=1, max_value=rules.LONGEST_WAIT_MINUTES, initial=10, label="Wait for an answer",
        help_text="Minutes until the next step.",
    )  # fmt: skip
    own = forms.MultipleChoiceField(
        required=False,
        label="Of the team",
        widget=forms.CheckboxSelectMultiple,
        choices=[
            ("on_call:1", "Who is on call"),
            ("on_call:2", "Second on call"),
            ("on_call:3", "Third on call"),
            (rules.TEAM, "Everybody"),
            (rules.LEAD, "Lead"),
            (rules.MANAGER, "Manager"),
        ],
    )
    person = forms.ModelChoiceField(
        User.objects.none(),
        to_field_name="username",
        required=False,
        label="And this person",
        empty_label="Nobody",
    )
    other_team = forms.ModelChoiceField(
        Team.objects.none(), to_field_name="slug", required=False, label="And who is on call for",
        empty_label="No other team",
    )  # fmt: skip
    # Targets that these fields cannot show (two people, another team's lead): written by the API, kept here.
    kept = forms.JSONField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, people: Sequence[User], teams: QuerySet[Team], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = people  # type: ignore[attr-defined]
        self.fields["person"].label_from_instance = lambda person: person.display_name  # type: ignore[attr-defined]
        self.fields["other_team"].queryset = teams  # type: ignore[attr-defined]

    def step(self, team: Team) -> Step:
        """The step as typed; whether it makes sense is the operation's to say."""
        data = self.cleaned_data
        targets = []
        for choice in data["own"]:
            kind, _, nth = choice.partition(":")
            targets.append(Target(kind, team.pk, rotation_step=int(nth or 1)))
        if data["person"]:
            targets.append(Target(rules.PERSON, person=data["person"].pk))
        if data["other_team"]:
            targets.append(Target(rules.ON_CALL, data["other_team"].pk))
        return Step(data["wait_minutes"], (*targets, *_kept(data.get("kept"))))

    @classmethod
    def initial_of(cls, step: Step, team: Team) -> dict[str, Any]:
        """The fields' values for a stored step."""
        own, person, other, kept = [], None, None, []
        for target in step.targets:
            if target.team == team.pk and target.kind != rules.PERSON and target.rotation_step <= 3:
                own.append(f"on_call:{target.rotation_step}" if target.kind == rules.ON_CALL else target.kind)
            elif target.kind == rules.PERSON and person is None:
                person = target.person
            elif target.kind == rules.ON_CALL and target.rotation_step == 1 and other is None:
                other = target.team
            else:
                kept.append([target.kind, target.team, target.person, target.rotation_step])
        return {
            "wait_minutes": step.wait_minutes, "own": own, "kept": kept,
            "person": User.objects.filter(pk=person).first() if person else None,
            "other_team": Team.objects.filter(pk=other).first() if other else None,
        }  # fmt: skip


def _kept(rows: Any) -> list[Target]:
    """What came back of the hidden field; anything else than what we wrote there is left out."""
    found = []
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, list) and len(row) == 4 and row[0] in rules.KINDS and _whole(row[1:]):
            found.append(Target(row[0], row[1], row[2], row[3]))
    return found


def _whole(numbers: Sequence[Any]) -> bool:
    return all(number is None or (type(number) is int and 0 < number < 2**63) for number in numbers) and bool(
        numbers[2]
    )


class ChannelForm(forms.Form):
    """One more way to be paged."""

    team = forms.ModelChoiceField(
        Team.objects.none(), to_field_name="slug", required=False, widget=forms.HiddenInput
    )
    transport = forms.ChoiceField(choices=PagingChannel.TRANSPORTS, label="How", initial="slack")
    url = forms.CharField(
        required=False, max_length=2_000, label="Address of the webhook", widget=forms.URLInput,
        help_text="Starts with https://. It is kept sealed and never shown again.",
    )  # fmt: skip
    label = forms.CharField(required=False, max_length=60, label="Call it", help_text="Such as My phone.")
    template = forms.CharField(
        required=False, max_length=4_000, widget=forms.Textarea({"rows": 3}), label="Body for an SMS or voice provider",
        help_text="A webhook's own shape, for example To={{phone}}&Body={{short}}. Names: "
        + ", ".join(filling.VARIABLES) + ".",
    )  # fmt: skip
    format = forms.ChoiceField(
        choices=[("json", "JSON"), ("form", "Form")], required=False, label="Written as", initial="json"
    )
    authorization = forms.CharField(
        required=False, max_length=1_000, label="Authorization header",
        widget=forms.PasswordInput({"autocomplete": "off"}), help_text="The provider's key, such as Bearer abc.",
    )  # fmt: skip

    def __init__(self, *args: Any, teams: QuerySet[Team], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = teams  # type: ignore[attr-defined]
