"""Markdown to safe HTML: rendered once, when the text is saved."""

from functools import cache

import nh3
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt

TAGS = {
    "p", "br", "strong", "em", "del", "code", "pre", "blockquote", "ul", "ol", "li", "a", "hr",
    "h1", "h2", "h3", "h4", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
LIMIT = 64 * 1024


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])


def render(text: str) -> str:
    """HTML of a Markdown text. Raw HTML is shown as text, and only a fixed list of tags comes out."""
    return _clean(_parser().render(text[:LIMIT]))


def cleaned(html: str) -> SafeString:
    """HTML that `render` made, cleaned again on its way out: what lies in the database is not trusted either."""
    return SafeString(_clean(html))


def _clean(html: str) -> str:
    return nh3.clean(
        html,
        tags=TAGS,
        attributes={"a": {"href", "title"}},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer nofollow",
    )
