"""Microsoft Teams by a workflow ("when a Teams webhook request is received"): one adaptive card.

https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
"""

from __future__ import annotations

from typing import Any

from core.outbox.models import OutgoingMessage
from core.outbox.transports.base import post_json

SCHEMA, VERSION = "http://adaptivecards.io/schemas/adaptive-card.json", "1.4"
LONGEST_TEXT = 8_000  # a card has at most 28 KB


def send(message: OutgoingMessage) -> None:
    """Hand the message to the workflow. Raises like transports.base.post."""
    post_json(message, payload(message))


def payload(message: OutgoingMessage) -> dict[str, Any]:
    """The card: the subject, the text, and a button for each link."""
    card = {
        "$schema": SCHEMA,
        "type": "AdaptiveCard",
        "version": VERSION,
        "msteams": {"width": "Full"},
        "body": [
            _said(message.subject, size="Large", weight="Bolder"),
            *(
                _said(paragraph)
                for paragraph in message.text[:LONGEST_TEXT].split("\n\n")
                if paragraph.strip()
            ),
        ],
        "actions": [{"type": "Action.OpenUrl", "title": label, "url": url} for label, url in message.links],
    }
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": card,
    }
    return {"type": "message", "attachments": [attachment]}


def _said(text: str, **look: str) -> dict[str, Any]:
    """Runs of text show what they hold; a TextBlock would read it as Markdown."""
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text.strip(), **look}]}
