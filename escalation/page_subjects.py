"""What people may be paged about. The apps above tell us, when they start, what there is to know of each kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Model, QuerySet

from core.common import ids
from core.common.actor import Actor
from core.common.errors import NotFound


@dataclass(frozen=True, slots=True)
class SubjectInfo:
    """How to speak of a kind of work.

    model, prefix: its rows and their references, such as TKT. visible_to: those that exist for an actor.
    is_open: whether there is still something to be called about. label: one line for a mail, a chat, a stranger's
    phone; must hide what is confidential. is_secret: then what somebody typed about it stays inside, too.
    path: its page, such as "/tickets/TKT-12/". team: whose it is, to page without naming a team; or None.
    """

    model: type[Model]
    prefix: str
    visible_to: Callable[[Actor], QuerySet[Any]]
    is_open: Callable[[Any], bool]
    label: Callable[[Any], str]
    path: Callable[[Any], str]
    team: Callable[[Any], Any]
    is_secret: Callable[[Any], bool] = lambda row: False


@dataclass(frozen=True, slots=True)
class About:
    """One piece of work that a page is about, as it is now."""

    kind: str
    row: Any
    info: SubjectInfo

    @property
    def pk(self) -> int:
        return int(self.row.pk)

    @property
    def reference(self) -> str:
        return f"{self.info.prefix}-{self.row.pk}"

    @property
    def label(self) -> str:
        return self.info.label(self.row)

    @property
    def is_open(self) -> bool:
        return self.info.is_open(self.row)

    @property
    def is_secret(self) -> bool:
        return self.info.is_secret(self.row)

    @property
    def path(self) -> str:
        return self.info.path(self.row)

    @property
    def url(self) -> str:
        """Its whole address, for a mail."""
        return settings.BASE_URL.rstrip("/") + self.path


_kinds: dict[str, SubjectInfo] = {}


def register(kind: str, info: SubjectInfo) -> None:
    """Make a kind of work known; called from AppConfig.ready()."""
    _kinds[kind] = info


def kinds() -> dict[str, SubjectInfo]:
    return dict(_kinds)


def find(reference: str, by: Actor) -> About:
    """The work behind a reference. Raises NotFound when it does not exist for the actor."""
    for kind, info in _kinds.items():
        if reference.strip().upper().startswith(f"{info.prefix}-"):
            row = info.visible_to(by).filter(pk=ids.number_of(reference, info.prefix)).first()
            if row is not None:
                return About(kind, row, info)
    raise NotFound(f"There is no {reference[:40]} here.")


def get(kind: str, pk: int | None) -> About | None:
    """What a stored page is about, for the desk itself; None when it is about nothing, or the kind is gone."""
    info = _kinds.get(kind)
    row = info.model._default_manager.filter(pk=pk).first() if info and pk else None
    return About(kind, row, info) if info is not None and row is not None else None
