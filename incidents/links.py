"""Bridge and chat: which addresses may stand on a page as links. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit

from core.common.errors import RuleBroken

SCHEMES = ("https", "http", "tel", "sip", "sips", "msteams", "zoommtg", "slack")
LONGEST = 500


def check(url: str, field: str) -> str:
    """An address that may stand on the page as a link: http(s) with a host, a call, or a meeting programme's own.

    Raises RuleBroken for any other scheme (javascript: and data: among them), blanks and control characters.
    """
    url = url.strip()
    if url and not is_safe(url):
        known = ", ".join(f"{scheme}:" for scheme in SCHEMES)
        raise RuleBroken(
            f"Give an address that begins with {known}; for example https://meet.example/incident.",
            field=field,
        )
    return url


def is_safe(url: str) -> bool:
    """Also asked when the page is made, for rows that were written before the rule."""
    if len(url) > LONGEST or not url.isprintable() or any(sign.isspace() for sign in url):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if parts.scheme in ("http", "https"):
        return bool(parts.hostname) and "@" not in parts.netloc
    return parts.scheme in SCHEMES and bool(parts.path.strip("/") or parts.netloc)
