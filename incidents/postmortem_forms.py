"""What the pages of a post-mortem ask for. Parsing only."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone

from incidents import postmortem_facts
from incidents.forms import DeskForm, LongField, PersonField
from incidents.models import Postmortem

HINTS = {
    "summary": "For those who read nothing else: what happened, to whom, how it was put right.",
    "root_cause": "What made it possible, not who. “Not found” is an answer, too.",
    "went_well": "What helped, and is worth keeping.",
    "went_badly": "What cost time.",
    "lucky": "What could have made it worse and did not.",
    "lessons": "What the next one will find different.",
}


class PostmortemForm(DeskForm):
    owner = PersonField()
    summary = LongField(
        required=False, rows=4, label=Postmortem.SECTIONS["summary"], help_text=HINTS["summary"]
    )
    root_cause = LongField(
        required=False, label=Postmortem.SECTIONS["root_cause"], help_text=HINTS["root_cause"]
    )
    went_well = LongField(
        required=False, label=Postmortem.SECTIONS["went_well"], help_text=HINTS["went_well"]
    )
    went_badly = LongField(
        required=False, label=Postmortem.SECTIONS["went_badly"], help_text=HINTS["went_badly"]
    )
    lucky = LongField(required=False, label=Postmortem.SECTIONS["lucky"], help_text=HINTS["lucky"])
    lessons = LongField(required=False, label=Postmortem.SECTIONS["lessons"], help_text=HINTS["lessons"])
    no_actions_reason = LongField(
        required=False,
        rows=2,
        label="Why there is no follow-up action",
        help_text="Empty where there is one.",
    )
    lines = forms.TypedMultipleChoiceField(
        coerce=int, required=False, widget=forms.CheckboxSelectMultiple, label="Lines of the timeline"
    )
    reason = forms.CharField(max_length=500, required=False, label="Why the published text changes")
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, of: Postmortem, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if of.is_published:
            del self.fields["lines"]
            return
        del self.fields["reason"]
        offered = postmortem_facts.candidates(of.incident)
        self.fields["lines"].choices = [  # type: ignore[attr-defined]
            (
                entry.pk,
                f"{timezone.localtime(entry.happened_at):%d %b %H:%M} {entry.author_label}: {entry.body}",
            )
            for entry in offered
        ]
        self.fields["lines"].initial = [entry.pk for entry in offered if entry.for_postmortem]
        self.fields["lines"].help_text = "None: all of these." if offered else ""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        return {"lines": None, "reason": "", **data}

    @classmethod
    def filled(cls, found: Postmortem) -> PostmortemForm:
        names = (*Postmortem.SECTIONS, "no_actions_reason", "version")
        initial = {name: getattr(found, name) for name in names}
        return cls(initial={**initial, "owner": found.owner.username if found.owner else None}, of=found)


class WaiveForm(DeskForm):
    reason = LongField(label="Why nobody has to write it", rows=2)


class ActionForm(DeskForm):
    title = forms.CharField(max_length=200, label="What is to be done")
    due = forms.DateField(label="By", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    owner = PersonField()
