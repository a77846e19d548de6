"""What a person wrote for an update: complete, for each audience, and fit for readers outside. Nothing here writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace

from catalogue import queries as catalogue
from core.common.errors import Invalid, RuleBroken
from customers.models import Audience
from incidents import audience as audiences
from incidents import outside, queries
from incidents.models import Incident
from incidents.notices import Parts
from incidents.wording import OWN

NO_IMPACT = "Say who is affected, and how badly."


def parts_of(
    incident: Incident, parts: Parts, body: str, *, impact_needed: bool = True
) -> tuple[Parts, bool]:
    """The parts of an update, and whether it came as a body alone; then what is known is carried on."""
    parts = parts.stripped
    bare = bool(body.strip()) and not parts.body
    if body.strip() and parts.what:
        raise RuleBroken("Give the body, or what is happening, not both.", field="body")
    if bare:
        known = Parts.of(queries.last_written(incident))
        parts = Parts(affected=known.affected, workaround=known.workaround)
    parts = replace(parts, what=body.strip() or parts.what)
    wrong = {} if parts.what else {"what": ["Say what is happening."]}
    if impact_needed and not parts.affected:
        wrong["affected"] = [f"{NO_IMPACT} No update has said it yet." if bare else NO_IMPACT]
    if wrong:
        raise Invalid(wrong)
    return parts, bare


def own_wordings(wordings: Mapping[str, Mapping[str, str]], parts: Parts, audience: str) -> dict[str, Parts]:
    """The wordings that say something, each complete; who is affected is the same unless it says otherwise."""
    own = {reader: Parts(**given).stripped for reader, given in wordings.items() if reader in OWN}
    own = {reader: theirs for reader, theirs in own.items() if theirs.body}
    if own and audience:
        raise RuleBroken("An update for one audience alone has one wording.", field="audience")
    wrong = {
        f"wordings.{reader}.what": [
            f"Say what is happening, for {Audience(reader).label.lower()} readers too."
        ]
        for reader, theirs in own.items()
        if not theirs.what
    }
    if wrong:
        raise Invalid(wrong)
    return {
        reader: replace(theirs, affected=theirs.affected or parts.affected) for reader, theirs in own.items()
    }


def check_outside(
    incident: Incident,
    parts: Parts,
    own: Mapping[str, Parts],
    audience: str,
    *,
    more: Mapping[str, str] | None = None,
) -> None:
    """Readers outside read no name of a component: neither in their wording, nor in the one they get for want of it."""
    theirs = own.get(Audience.EXTERNAL)
    if theirs is None and not audiences.reaches_outside(incident, audience):
        return
    fields = asdict(parts)
    if theirs is not None:
        same = theirs.affected == parts.affected  # then the mistake stands where it was typed
        fields = {f"wordings.external.{name}": text for name, text in asdict(theirs).items()}
        if same:
            fields["affected"] = fields.pop("wordings.external.affected")
    fields |= more or {}
    outside.check(fields, catalogue.named_inside(), own=theirs is not None)
