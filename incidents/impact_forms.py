"""What the page of the impact asks for. Parsing only."""

from __future__ import annotations

from decimal import Decimal

from django import forms

from catalogue.models import Application, Region, Service
from incidents.forms import LongField, MomentField, SeveralField
from incidents.impact_rules import MOST_INTERVALS


class ServiceField(SeveralField):
    """Says whose service it is: the list holds those of every application."""

    def __init__(self) -> None:
        super().__init__(Service, help_text="None: all of it.")
        self.queryset = Service.objects.select_related("application")

    def label_from_instance(self, obj: Service) -> str:
        return f"{obj.application}: {obj}"


class ImpactForm(forms.Form):
    no_impact = forms.BooleanField(required=False, label="It did not touch availability")
    reason = LongField(
        required=False,
        rows=2,
        label="Why",
        help_text="Needed where it touched nothing; else why it is assessed anew.",
    )
    number = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


class IntervalForm(forms.Form):
    application = forms.ModelChoiceField(
        Application.objects.all(), to_field_name="slug", required=False, empty_label="Leave this row out"
    )
    started_at = MomentField(label="From", help_text="Empty: when it began.")
    ended_at = MomentField(label="To", help_text="Empty: when it was restored.")
    share = forms.DecimalField(
        label="Share of users in %", required=False, min_value=Decimal("0.1"), max_value=100, max_digits=4,
        decimal_places=1, help_text="Empty: all of them.",
    )  # fmt: skip
    regions = SeveralField(Region, help_text="None: everywhere.")
    services = ServiceField()
    planned = forms.BooleanField(required=False, label="It was planned")

    @property
    def says_something(self) -> bool:
        """A row without an application is left out."""
        return self.cleaned_data.get("application") is not None


IntervalSet = forms.formset_factory(
    IntervalForm, extra=0, max_num=MOST_INTERVALS, absolute_max=MOST_INTERVALS + 1, validate_max=True
)
