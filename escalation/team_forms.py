"""What is typed about a team or a vendor."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms

from catalogue.models import Component
from core.accounts.models import User
from core.common.vocabulary import Area
from escalation import rules, tiers
from escalation.models import Team
from escalation.shapes import PEOPLE

TEXT_LIMIT = 65_536


def zones() -> list[tuple[str, str]]:
    """The names that people choose from; the aliases of old stay out."""
    names = sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))
    return [(name, name) for name in ["UTC", *names]]


class Long(forms.CharField):
    def __init__(self, rows: int = 2, **kwargs: Any) -> None:
        super().__init__(
            max_length=TEXT_LIMIT, widget=forms.Textarea({"rows": rows}), required=False, **kwargs
        )


class PersonField(forms.ModelChoiceField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            PEOPLE.none(), to_field_name="username", required=False, empty_label="Nobody", **kwargs
        )

    def label_from_instance(self, person: User) -> str:
        return person.display_name


class PeopleField(forms.ModelMultipleChoiceField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(PEOPLE.none(), to_field_name="username", required=False, **kwargs)

    def label_from_instance(self, person: User) -> str:
        return person.display_name


class ComponentsField(forms.ModelMultipleChoiceField):
    def __init__(self, **kwargs: Any) -> None:
        found = Component.objects.select_related("application").order_by("application__name", "name")
        super().__init__(found, to_field_name="slug", required=False, **kwargs)

    def label_from_instance(self, component: Component) -> str:
        return f"{component.application.name}: {component.name}"


class TeamForm(forms.Form):
    """`whole=False` leaves what only managers of the directory change."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    name = forms.CharField(max_length=100, help_text="Exactly as everybody calls them.")
    tier = forms.TypedChoiceField(choices=tiers.choices, coerce=int)
    is_vendor = forms.BooleanField(required=False, label="An outside company")
    active = forms.BooleanField(required=False, initial=True, label="In use")
    scope = Long(label="They own", help_text="Routes between sites, site-to-site VPN.")
    not_scope = Long(label="Not theirs", help_text="What people take for theirs: load balancers.")
    keywords = Long(label="Words of errors", help_text="ERR_TUNNEL_DOWN peer unreachable")
    have_ready = forms.CharField(
        max_length=200,
        required=False,
        label="Have ready",
        help_text="What a caller needs: batch number, bank.",
    )
    areas = forms.MultipleChoiceField(
        choices=Area.choices, required=False, widget=forms.CheckboxSelectMultiple, label="Kinds of trouble"
    )
    components = ComponentsField()
    phone = forms.CharField(
        max_length=40, required=False, help_text="+44 20 5550 0200, also when nobody is on call."
    )
    email = forms.EmailField(max_length=254, required=False, label="E-mail")
    chat = forms.CharField(max_length=200, required=False)
    hours = forms.CharField(max_length=100, required=False, help_text="Mon to Fri 08:00-18:00.")
    zone = forms.ChoiceField(label="Time zone", initial="UTC")
    lead = PersonField()
    manager = PersonField()
    members = PeopleField()
    contract = forms.CharField(max_length=100, required=False, label="Contract number")
    quote = forms.CharField(max_length=200, required=False, label="What to quote")
    portal_url = forms.URLField(max_length=300, required=False, label="Their portal", assume_scheme="https")
    owner = PersonField(label="Kept right by", help_text="Gets a mail when a check is due.")
    review_due = forms.DateField(
        required=False, label="Next check by", widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, people: Any, whole: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["zone"].choices = zones()  # type: ignore[attr-defined]
        for name in ("lead", "manager", "owner", "members"):
            self.fields[name].queryset = people  # type: ignore[attr-defined]
        if not whole:
            for name in set(self.fields) - rules.KEPT_RIGHT - {"version"}:
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        for name in ("components", "members"):
            if name in data:
                data[name] = list(data[name])
        if data.get("review_due") is None:
            data.pop("review_due", None)
        return data


def initial_of(team: Team) -> dict[str, Any]:
    """What stands in the form of a team that exists."""
    initial = {
        name: getattr(team, name) for name in TeamForm.base_fields if name not in ("components", "members")
    }
    initial |= {
        name: getattr(team, name).username for name in ("lead", "manager", "owner") if getattr(team, name)
    }
    initial["components"] = [component.slug for component in team.components.all()]
    initial["members"] = [person.username for person in team.members.all()]
    return initial
