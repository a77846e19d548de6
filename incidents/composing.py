"""The composer of updates: its form, what it starts from, and how it looks on a phone. Nothing here writes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils import timezone

from customers.models import Audience
from customers.queries import HarmNow
from incidents import notices, wording
from incidents.audience import Recipient
from incidents.forms import PHASES, DeskForm, LongField, MomentField, NumberForm
from incidents.models import Incident, Status, Update
from incidents.notices import HEADINGS, Parts
from incidents.rules import BETWEEN
from worklog.models import Draft

MOST_HARM = 5  # impact notes that fill an update in; more than that nobody reads
MISSING = {
    "what": "Say what is happening.",
    "affected": "Say who is affected, and how badly.",
}
WHO = {
    Audience.BUSINESS: "Whoever has no wording of their own reads this one.",
    Audience.TECHNICAL: "Left empty, technical readers get the business wording.",
    Audience.EXTERNAL: "Left empty, they get the business wording. No internal names; the status page shows it too.",
}


@dataclass(frozen=True)
class Group:
    """The fields for one audience, with what stands in them, for the page and its preview."""

    audience: Audience
    fields: list[BoundField]
    count: int
    hint: str
    shown: dict[str, str]  # what this audience would read: its own parts, else those of everybody

    @property
    def own(self) -> bool:
        return self.audience == Audience.BUSINESS or any(field.value() for field in self.fields)

    @property
    def wrong(self) -> bool:
        return any(field.errors for field in self.fields)

    @property
    def phone(self) -> list[tuple[str, str, str]]:
        """(part, heading, text) for the preview."""
        return [(part, heading, self.shown.get(part, "")) for part, heading in HEADINGS.items()]


def _parts(prefix: str = "", *, needed: bool = False) -> dict[str, forms.Field]:
    rows = {"workaround": 1}
    return {
        f"{prefix}{part}": LongField(
            label=heading,
            rows=rows.get(part, 2),
            required=needed and part in MISSING,
            error_messages={"required": MISSING.get(part, "")},
        )
        for part, heading in HEADINGS.items()
    }


class WordingsForm(DeskForm):
    """What is said to each audience. The names of the fields are those of the API: what, wordings.external.what."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = [part for one in wording.OWN for part in _parts(f"wordings.{one}.").items()]
        self.fields = {**self.fields, **_parts(needed=True), **dict(own)}
        self.counts: Counter[str] = Counter()
        self.heading = self.promise = self.when_hint = ""

    def clean(self) -> dict[str, Any]:
        """As the operation takes it: one mapping for each audience with a wording of its own."""
        data = super().clean() or {}
        own: dict[str, dict[str, str]] = {}
        for name in [name for name in data if name.startswith("wordings.")]:
            _, audience, part = name.split(".")
            own.setdefault(audience, {})[part] = data.pop(name)
        return {**data, "wordings": own}

    @property
    def groups(self) -> list[Group]:
        """The three audiences in their order."""
        everybody = [self[part] for part in HEADINGS]
        read = {part: self[part].value() or "" for part in HEADINGS}
        groups = [Group(Audience.BUSINESS, everybody, 0, WHO[Audience.BUSINESS], read)]
        for one in wording.OWN:
            fields = [self[f"wordings.{one}.{part}"] for part in HEADINGS]
            given = {part: self[f"wordings.{one}.{part}"].value() or "" for part in HEADINGS}
            shown = given if any(given.values()) else read
            groups.append(Group(one, fields, self.counts[one], WHO[one], shown))
        rest = sum(self.counts.values()) - sum(group.count for group in groups if group.own)
        first = groups[0]
        groups[0] = Group(first.audience, first.fields, rest, first.hint, first.shown)
        return groups

    @property
    def elsewhere(self) -> bool:
        """Whether an own wording is what must be looked at; then that one is open."""
        return any(group.wrong for group in self.groups[1:]) and not self.groups[0].wrong


class CorrectForm(WordingsForm):
    """What was wrong, and all that holds."""

    wrong = LongField(label="What was wrong", rows=2)
    field_order = ("wrong",)


class QuietForm(WordingsForm):
    """Another wording, for pages alone. `edits`: how often it had been changed when this page was made."""

    why = forms.CharField(max_length=500, label="Why it changes")
    edits = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


class QuietBodyForm(DeskForm):
    """The same for an update that has no parts: the desk wrote it."""

    body = LongField(label="What it says", rows=6)
    why = QuietForm.base_fields["why"]
    edits = QuietForm.base_fields["edits"]


class UpdateForm(WordingsForm, NumberForm):
    """What an update says, and when the next one comes."""

    status = forms.ChoiceField(choices=PHASES, label="Phase")
    next_update_at = MomentField(label="Next update at")
    on_news = forms.BooleanField(required=False, label="When there is something to tell")
    next_reason = forms.CharField(
        max_length=500, required=False, label="Why later", help_text="Only for a later time than the rhythm."
    )

    @property
    def texts(self) -> list[str]:
        """The names of the fields that a draft keeps."""
        return [name for name in self.fields if name != "number"]

    def keep_in_browser(self, incident: Incident, since: datetime) -> None:
        """What is typed after `since` stays in this browser too, until the update went out."""
        for name in self.texts:
            widget = self.fields[name].widget
            if isinstance(widget, forms.Textarea):
                widget.attrs |= {
                    "data-draft": f"{incident.reference}:{name}",
                    "data-draft-base": str(incident.next_number),
                    "data-draft-at": str(int(since.timestamp() * 1000)),
                }


class DraftForm(UpdateForm):
    """The same fields as typed, whatever is missing; nothing is sent."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.texts:
            self.fields[name] = forms.CharField(max_length=65_536, required=False, strip=False)
        self.fields["number"].required = False

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "number": data.get("number"),
            "fields": {name: text for name in self.texts if (text := data.get(name, ""))},
        }


def filled(
    incident: Incident, written: Update | None, harm: Sequence[HarmNow], draft: Draft | None
) -> UpdateForm:
    """The form as it opens: the writer's draft, else the last update, else what the impact notes say."""
    phase = incident.status if incident.status in BETWEEN else Status.INVESTIGATING
    form = UpdateForm(initial={"number": incident.next_number, "status": phase, **known(written, harm)})
    since = written.sent_at if written else incident.declared_at
    if draft is not None:
        kept = typed(draft)
        form.initial = {**form.initial, **{name: kept.get(name, "") for name in form.texts}}
        form.initial["status"] = kept.get("status", phase)
        since = draft.updated_at
    form.keep_in_browser(incident, since)
    return form


def known(written: Update | None, harm: Sequence[HarmNow]) -> dict[str, str]:
    """What the next update starts from, by the names of the form's fields."""
    if written is None:
        return asdict(of_harm(harm))
    own = wording.known_by(written)
    return asdict(Parts.of(written)) | {
        f"wordings.{one}.{part}": text for one, parts in own.items() for part, text in asdict(parts).items()
    }


def as_sent(update: Update) -> dict[str, str]:
    """The parts of an update in all its wordings, by the names of the form's fields."""
    return known(update, ())


def of_harm(harm: Sequence[HarmNow]) -> Parts:
    """Who is affected and what they do by hand, from the impact notes that hurt most now. No customer is named."""
    notes = [one.note for one in harm][:MOST_HARM]
    stops = dict.fromkeys(note.stops.strip() for note in notes)
    by_hand = dict.fromkeys(note.workaround.strip() for note in notes if note.workaround.strip())
    return Parts(affected="\n".join(stops), workaround="\n".join(by_hand))


def typed(draft: Draft) -> dict[str, str]:
    """What a draft holds; nothing when it was not kept by the composer."""
    try:
        found = json.loads(draft.text)
    except ValueError:
        return {}
    return {str(name): str(text) for name, text in found.items()} if isinstance(found, dict) else {}


def dress(form: UpdateForm, incident: Incident, told: Sequence[Recipient], now: datetime) -> None:
    """Put on the form what stands around the fields: how many read each wording, the subject, the promise."""
    form.counts = Counter(one.audience for one in told)
    form.heading = notices.subject(incident, Update.Kind.UPDATE, incident.next_number)
    every = incident.cadence_minutes
    if every is None:
        form.promise = "The next update comes when there is something to tell."
        form.when_hint = "A time, or the tick below."
    else:
        at = timezone.localtime(now + timedelta(minutes=every))
        form.promise = f"Next update {at:%H:%M}."
        form.when_hint = f"Empty: {every} minutes after sending, about {at:%H:%M}."
