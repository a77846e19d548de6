"""Who is named with @ in a note. Naming somebody tells them; it never lets them see more than they could."""

from __future__ import annotations

import re

from core.accounts import actors
from core.accounts.models import User
from core.accounts.permissions import Permission, can
from core.common.actor import Actor
from tickets.models import Ticket

MOST = 20
_NAME = re.compile(r"(?<![\w@./])@([A-Za-z0-9][\w.+-]{0,149})")


def names(text: str) -> list[str]:
    """The usernames that a text names, each once, in its order; an e-mail address names nobody."""
    found = (match[1].rstrip(".-").lower() for match in _NAME.finditer(text))
    return list(dict.fromkeys(found))[:MOST]


def heard(text: str, ticket: Ticket, by: Actor) -> list[User]:
    """Whom a note tells: people who read this ticket's notes, except its author."""
    return [user for user in _named(text) if user.pk != by.user_id and _may_read(user, ticket)]


def unheard(text: str, ticket: Ticket) -> list[str]:
    """The names in a note that tell nobody: they do not exist, or may not read the ticket's notes."""
    known = {user.username.lower() for user in _named(text) if _may_read(user, ticket)}
    return [name for name in names(text) if name not in known]


def _named(text: str) -> list[User]:
    wanted = names(text)
    if not wanted:
        return []
    found = User.objects.filter(is_active=True, username__iregex=rf"^({'|'.join(map(re.escape, wanted))})$")
    return list(found.order_by("username"))


def _may_read(user: User, ticket: Ticket) -> bool:
    actor = actors.for_user(user)
    return (
        can(actor, Permission.WORK_TICKET) and Ticket.objects.visible_to(actor).filter(pk=ticket.pk).exists()
    )
