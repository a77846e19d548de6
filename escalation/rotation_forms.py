"""What is typed about a rotation: its rule, its people in order, and the hours that it covers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from typing import Any

from django import forms
from django.http import QueryDict

from core.accounts.models import User
from core.common.wall_forms import LocalTimesForm
from escalation.models import Rotation
from escalation.on_call import Period
from escalation.rotation_rules import LONGEST_TURN
from escalation.team_forms import zones

MOST_PEOPLE = 100  # as in the API
MOST_HOURS = 10
DAYS = [(0, "Mon"), (1, "Tue"), (2, "Wed"), (3, "Thu"), (4, "Fri"), (5, "Sat"), (6, "Sun")]
FACTS = (
    "name", "step", "position", "zone", "period", "every", "handoff_weekday", "handoff_time", "start", "active",
)  # fmt: skip
KEEPS_TURN = (
    "Leave it, and whoever has the turn keeps it to its end; another day begins anew with the first of them."
)
# Buttons that change what stands in the form and save nothing.
MOVES = ("add", "up", "down", "drop", "add_hours", "drop_hours")


class TurnsField(forms.Field):
    """People in the order of their turns; somebody may stand there more than once."""

    widget = forms.MultipleHiddenInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)
        self.everybody: dict[str, User] = {}

    def clean(self, value: Any) -> list[User]:
        names = list(value or [])
        unknown = [name for name in names if name not in self.everybody]
        if unknown:
            raise forms.ValidationError(
                f"There is nobody called “{unknown[0][:60]}” here. Take the name out."
            )
        if len(names) > MOST_PEOPLE:
            raise forms.ValidationError(f"At most {MOST_PEOPLE} turns fit into one rotation.")
        return [self.everybody[name] for name in names]


class RotationForm(LocalTimesForm):
    """A rotation without its hours, which are forms of their own. Times are local to the rotation's zone."""

    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    name = forms.CharField(max_length=100, help_text="Its name in lists and notices: Nights.")
    people = TurnsField(label="Who takes turns")
    newcomer = forms.ChoiceField(required=False, label="One more")
    step = forms.TypedChoiceField(
        coerce=int,
        initial=1,
        choices=[(1, "1, called first"), *[(n, f"{n}, when {n - 1} does not answer") for n in range(2, 6)]],
    )
    position = forms.IntegerField(
        min_value=0, max_value=50, initial=0, label="Layer",
        help_text="Of one step, the lowest layer answers; the others fill its gaps.",
    )  # fmt: skip
    zone = forms.ChoiceField(label="Time zone")
    every = forms.IntegerField(
        min_value=1, max_value=max(LONGEST_TURN.values()), initial=1, label="A turn lasts"
    )
    period = forms.ChoiceField(choices=Rotation.Period.choices, initial=Period.WEEKLY, label="Counted in")
    handoff_weekday = forms.TypedChoiceField(
        coerce=int,
        choices=Rotation.Weekday.choices,
        initial=0,
        label="Hand-off on",
        help_text="Where turns are counted in weeks.",
    )
    handoff_time = forms.TimeField(
        label="Hand-off at", initial=time(9), widget=forms.TimeInput({"type": "time"}, format="%H:%M")
    )
    start = forms.DateField(
        label="Starts on", widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        help_text="The first of the people begins on this day, at the hand-off time.",
    )  # fmt: skip
    active = forms.BooleanField(required=False, initial=True, label="In use; without this it rests")

    def __init__(
        self, *args: Any, people: Iterable[User], stored: Rotation | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.stored = stored
        everybody = {person.username: person for person in people}
        self.fields["people"].everybody = everybody  # type: ignore[attr-defined]
        names = [(name, person.display_name) for name, person in everybody.items()]
        self.fields["newcomer"].choices = [("", "Choose"), *names]  # type: ignore[attr-defined]
        self.fields["zone"].choices = self._zones()  # type: ignore[attr-defined]
        if stored is not None:
            self.fields["start"].help_text = KEEPS_TURN

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        start, at, zone = (data.get(name) for name in ("start", "handoff_time", "zone"))
        if start and at and zone and self._starts_anew(start):
            wall = datetime.combine(start, at.replace(second=0, microsecond=0))
            moment = self.moment("start", wall, zone)
            if moment is not None and hasattr(self.fields["start"], "offers"):
                data["begun_at"] = moment
        return data

    def facts(self) -> dict[str, Any]:
        """What the operation takes besides the hours; of a stored rotation the start only where it is another."""
        data = self.cleaned_data
        facts = {name: data[name] for name in (*FACTS, "people")}
        if not self._starts_anew(data["start"]):
            del facts["start"]
        elif "begun_at" in data:
            facts["begun_at"] = data["begun_at"]
        return facts

    @property
    def known(self) -> dict[int, User]:
        """Everybody who can be chosen, by number."""
        everybody = self.fields["people"].everybody  # type: ignore[attr-defined]
        return {person.pk: person for person in everybody.values()}

    @property
    def turns(self) -> list[User]:
        """The people as they stand in the form, those who are known."""
        everybody = self.fields["people"].everybody  # type: ignore[attr-defined]
        return [everybody[name] for name in self["people"].value() or [] if name in everybody]

    @classmethod
    def initial_of(cls, rotation: Rotation) -> dict[str, Any]:
        """What stands in the form of a rotation that exists."""
        initial = {name: getattr(rotation, name) for name in (*FACTS, "version")}
        return initial | {"people": [turn.user.username for turn in rotation.turns.all()]}

    def _starts_anew(self, start: date) -> bool:
        return self.stored is None or start != self.stored.start

    def _zones(self) -> list[tuple[str, str]]:
        """The zones to choose from, and the stored one, which may have an old name."""
        found = zones()
        known = {name for name, _ in found}
        return (
            found if self.stored is None or self.stored.zone in known else [(self.stored.zone,) * 2, *found]
        )


class HoursForm(forms.Form):
    """Hours that the rotation covers on some days; an end that is not after the start lies on the next day."""

    weekdays = forms.TypedMultipleChoiceField(
        coerce=int, choices=DAYS, widget=forms.CheckboxSelectMultiple, label="Days",
        error_messages={"required": "Choose at least one day, or take these hours away."},
    )  # fmt: skip
    since = forms.TimeField(label="From", widget=forms.TimeInput({"type": "time"}, format="%H:%M"))
    until = forms.TimeField(
        label="To", widget=forms.TimeInput({"type": "time"}, format="%H:%M"),
        help_text="At or before the start: on the next day.",
    )  # fmt: skip

    def row(self) -> dict[str, Any]:
        """The hours as they are stored."""
        data = self.cleaned_data
        return {
            "weekdays": sorted(data["weekdays"]), "from": f"{data['since']:%H:%M}", "to": f"{data['until']:%H:%M}",
        }  # fmt: skip

    @classmethod
    def initial_of(cls, row: dict[str, Any]) -> dict[str, Any]:
        return {"weekdays": row["weekdays"], "since": row["from"], "until": row["to"]}


OFFICE_HOURS = {"weekdays": [0, 1, 2, 3, 4], "since": "09:00", "until": "17:00"}


def rearranged(sent: QueryDict) -> tuple[QueryDict, str]:
    """What was sent with the pressed button carried out (one more person, one up, ...), and what has the focus then.

    Somebody chosen as "One more" is taken in by whatever button was pressed, so that nobody is forgotten.
    """
    typed = sent.copy()
    people, focus = [name[:150] for name in typed.getlist("people")], ""
    if newcomer := typed.get("newcomer", ""):
        people, focus = [*people, newcomer[:150]], "id_newcomer"
    for button, move in (("up", -1), ("down", 1)):
        place = _place(typed.get(button), people)
        if place is not None and 0 <= place + move < len(people):
            people.insert(place + move, people.pop(place))
            focus = _button(button, place + move, len(people))
    place = _place(typed.get("drop"), people)
    if place is not None:
        del people[place]
        focus = "id_newcomer"
    typed.setlist("people", people)
    typed["newcomer"] = ""
    return typed, focus or ("add_hours" if "add_hours" in sent or "drop_hours" in sent else "id_newcomer")


def numbers(text: str) -> list[int]:
    """The numbers of the forms of hours on the page, as its hidden field lists them."""
    parts = text.split(",")[: MOST_HOURS * 2]
    found = [int(part) for part in parts if part.isascii() and part.isdigit() and len(part) < 4]
    return list(dict.fromkeys(found))[:MOST_HOURS]


def _place(text: str | None, people: Sequence[str]) -> int | None:
    """The place in the list that a button names, counted from 0."""
    if text is None or not (text.isascii() and text.isdigit() and len(text) < 4):
        return None
    return int(text) if int(text) < len(people) else None


def _button(button: str, place: int, length: int) -> str:
    """The button that goes on moving the same person; at either end the other one."""
    ends = {"up": (0, "down"), "down": (length - 1, "up")}
    end, other = ends[button]
    return f"{other if place == end else button}-{place}"
