"""Typed local times in forms: what the clocks skip or repeat is refused, with both neighbours to choose from."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.dateparse import parse_datetime

from core.common.api import EARLIEST, LATEST
from core.common.errors import RuleBroken
from core.common.walltime import Unclear, moment_of

LOCAL = "%Y-%m-%dT%H:%M"
MEANT = "_meant"  # the name of the choice between both neighbours, after the name of the field


class TypedMomentField(forms.DateTimeField):
    """A moment typed in the reader's zone, of the years that the API takes.

    In the first and the last year that a computer knows, another reader's zone is a moment that it does not know.
    """

    def to_python(self, value: Any) -> datetime | None:
        moment = super().to_python(value)
        if moment is not None and not EARLIEST.year <= moment.year < LATEST.year:
            raise forms.ValidationError(f"The year must lie from {EARLIEST.year} to {LATEST.year - 1}.")
        return moment


class WallField(forms.CharField):
    """A wall clock reading, without a zone: Django's own field would take the reader's zone and guess."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=LOCAL)

    def clean(self, value: Any) -> datetime | None:
        text = super().clean(value).replace(" ", "T")[:16]
        if not text:
            return None
        try:
            wall = datetime.strptime(text, LOCAL)  # noqa: DTZ007 - a wall clock has no zone
        except ValueError as error:
            raise forms.ValidationError("Write it as 2027-02-05 16:30.") from error
        if not 2000 <= wall.year < 2100:
            raise forms.ValidationError("The year must lie from 2000 to 2099.")
        return wall


class LocalTimesForm(forms.Form):
    """A form whose WallFields become moments (UTC) as they are read in `typed_in`, a zone."""

    typed_in = "UTC"

    def clean(self) -> dict[str, Any]:
        super().clean()
        data = self.cleaned_data
        for name, field in self.fields.items():
            if isinstance(field, WallField) and data.get(name):
                moment = self.moment(name, data[name], self.typed_in)
                if moment is not None:
                    data[name] = moment
        return data

    def moment(self, name: str, wall: datetime, zone: str) -> datetime | None:
        """The moment of a time typed at the field `name`; None when it is refused, which the field then says.

        A choice between two neighbours is read, and shown again, whether or not something else is wrong.
        """
        try:
            moment_of(wall, zone, field=name)
        except Unclear as unclear:
            self.fields[name].offers = unclear.offers  # type: ignore[attr-defined]
        except RuleBroken as broken:
            self.add_error(None if name not in self.fields else name, broken.sentence)
            return None
        meant = self.fields[name].meant = self._meant(name)  # type: ignore[attr-defined]
        try:
            return moment_of(wall, zone, field=name, meant=meant)
        except Unclear as unclear:
            self.add_error(name, unclear.sentence)
            return None

    def _meant(self, name: str) -> datetime | None:
        """The neighbour that was chosen at a field, if any."""
        typed = self.data.get(self.add_prefix(name) + MEANT) or ""
        try:
            found = parse_datetime(str(typed)[:40])
        except ValueError:
            return None
        return found.astimezone(UTC) if found is not None and found.tzinfo else None


def local_text(moment: datetime, zone: str) -> str:
    """A moment as such a field holds it, in a zone."""
    return moment.astimezone(ZoneInfo(zone)).strftime(LOCAL)
