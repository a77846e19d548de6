"""What customers type, asked in their words."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet

from catalogue.models import Application
from core.common.vocabulary import Level, TicketKind
from customers.models import Contact
from customers.queries import environment
from tickets.asked import Asked, AskingForm, missing, question_fields
from tickets.forms import FilesField, LongText

# Kind, its drawing, its words, what belongs there.
KINDS = [
    (TicketKind.ISSUE, "bolt", "Something is broken", "Errors, wrong data, slow"),
    (TicketKind.SERVICE_REQUEST, "inbox", "I need something", "Access, a change, a report"),
    (TicketKind.QUESTION, "ask", "I have a question", "How something works"),
]
IMPACTS = [(Level.HIGH, "We cannot work"), (Level.MEDIUM, "Slows us down"), (Level.LOW, "Small")]
URGENCIES = [(Level.HIGH, "Now"), (Level.MEDIUM, "Today"), (Level.LOW, "Can wait")]
FILES_HINT = "Screenshots help. At most 25 MB each."
WORKS_AGAIN = "It works again."


class NewRequestForm(AskingForm):
    kind = forms.ChoiceField(
        choices=[(kind.value, words) for kind, _, words, _ in KINDS],
        widget=forms.RadioSelect,
        initial=TicketKind.ISSUE,
        label="Kind of request",
    )
    subject = forms.CharField(
        max_length=250,
        label="In one sentence",
        error_messages={
            "required": "Say in one sentence what you need, for example: Refunds fail since 9:00."
        },
    )
    description = LongText(
        required=False,
        label="What happened",
        help_text="What did you do, what did you expect, what happened instead?",
    )
    application = forms.ModelChoiceField(
        Application.objects.none(),
        to_field_name="slug",
        required=False,
        empty_label="Not sure",
        label="Product",
    )
    impact = forms.ChoiceField(
        choices=[(level.value, words) for level, words in IMPACTS],
        widget=forms.RadioSelect,
        initial=Level.MEDIUM,
        label="How much does it affect you?",
    )
    urgency = forms.ChoiceField(
        choices=[(level.value, words) for level, words in URGENCIES],
        widget=forms.RadioSelect,
        initial=Level.MEDIUM,
        label="How soon do you need it?",
    )
    files = FilesField(required=False, label="Files", help_text=FILES_HINT)

    def __init__(
        self, *args: Any, contact: Contact, applications: QuerySet[Application], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["application"].queryset = applications  # type: ignore[attr-defined]
        self.fields["application"].label_from_instance = lambda found: found.name  # type: ignore[attr-defined]
        chosen = applications.filter(slug=str(self["application"].value() or "")).first()
        self.ask(Asked(fields=question_fields(missing(environment(contact.organisation, chosen)))))

    def kinds(self) -> list[tuple[Any, str, str, str]]:
        """Each kind as its radio button, drawing, words and hint."""
        return [
            (radio, sign, words, hint)
            for radio, (_, sign, words, hint) in zip(self["kind"], KINDS, strict=True)
        ]


class StatusForm(forms.Form):
    """What anybody types on the status page."""

    email = forms.EmailField(
        max_length=254,
        label="Your e-mail address",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={"required": "Write the address that the news should go to."},
    )
    application = forms.ModelChoiceField(
        Application.objects.none(),
        to_field_name="slug",
        required=False,
        empty_label="All services of this page",
        label="About",
    )

    def __init__(self, *args: Any, applications: QuerySet[Application], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["application"].queryset = applications  # type: ignore[attr-defined]


class FollowForm(forms.Form):
    """One button of the list of products."""

    application = forms.SlugField(max_length=60)
    tell = forms.BooleanField(required=False)


class ReplyForm(forms.Form):
    """A message; `works` is the button that says so in our words, before whatever was typed."""

    text = LongText(required=False, label="Your message")
    works = forms.BooleanField(required=False)
    files = FilesField(required=False, label="Files", help_text=FILES_HINT)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        text = data.get("text", "").strip()
        if data.get("works"):
            data["text"] = f"{WORKS_AGAIN}\n\n{text}".strip()
        elif not text and "text" not in self.errors:
            self.add_error("text", "Write your message, then send it.")
        return data
