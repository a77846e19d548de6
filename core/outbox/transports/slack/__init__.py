"""Slack by an incoming webhook: blocks, with a plain text for notifications.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
"""

from __future__ import annotations

from typing import Any

from core.outbox.models import OutgoingMessage
from core.outbox.transports.base import post_json

LONGEST_HEADER, LONGEST_SECTION = 150, 3_000  # Slack's own limits


def send(message: OutgoingMessage) -> None:
    """Hand the message to Slack. Raises like transports.base.post."""
    post_json(message, payload(message))


def payload(message: OutgoingMessage) -> dict[str, Any]:
    """What Slack takes: a header, the text, and the links as links, which need no answering app of ours."""
    title = {"type": "plain_text", "text": message.subject[:LONGEST_HEADER], "emoji": False}
    blocks: list[dict[str, Any]] = [{"type": "header", "text": title}, _section(_escaped(message.text))]
    if message.links:
        blocks.append(_section("  ".join(f"<{url}|{_escaped(label)}>" for label, url in message.links)))
    return {"text": _escaped(message.subject), "blocks": blocks, "unfurl_links": False}


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text[:LONGEST_SECTION], "verbatim": True}}


def _escaped(text: str) -> str:
    """Nothing in the text may address people (<!channel>) or make a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
