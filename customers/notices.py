"""Mails about subscriptions: plain text at 40 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from customers import links
from customers.models import Subscription

COLUMNS = 40


def confirmation(subscription: Subscription) -> tuple[str, str]:
    """Subject and text for an address that somebody put on a list; it holds none of what they typed."""
    said = [
        f"Somebody at our service desk put this address on the list for news about {subscription.what}.",
        "To get them, open this page and press the button:",
        links.confirm_url(subscription.pk),
        "Not you? Then do nothing: you hear no more of it.",
    ]
    return "Please confirm: news about incidents", wrapped("\n\n".join(said))


def asked_for(subscriptions: Sequence[Subscription]) -> tuple[str, str]:
    """Subject and text for an address that somebody typed on the status page; it holds none of what they typed."""
    names = [str(one.application) for one in subscriptions]
    said = [
        "Somebody asked on our status page for news at this address, about:",
        "\n".join(f"- {name}" for name in names),
        "To get them, open this page and press the button:",
        links.confirm_url(*(one.pk for one in subscriptions)),
        "Not you? Then do nothing, and nothing more comes.",
    ]
    return "Please confirm: news from our status page", wrapped("\n\n".join(said))


def stopping(url: str) -> str:
    """The last lines of a mail to subscribers."""
    return f"\nTo stop these mails:\n{url}\n"


def wrapped(text: str) -> str:
    """Lines of at most 40 columns; an address that is longer stays whole."""
    lines = (
        textwrap.fill(line, COLUMNS, break_long_words=False, break_on_hyphens=False)
        for line in text.split("\n")
    )
    return "\n".join(lines) + "\n"
