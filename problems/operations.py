"""The only writers of problems and known errors. Follow-up actions have theirs in follow_up.py."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from catalogue.models import Application, Component
from core.accounts.models import User
from core.accounts.permissions import Permission, can, require
from core.audit import trail
from core.common import clock
from core.common.actor import Actor
from core.common.errors import Conflict, NotFound, RuleBroken, Stale
from core.common.vocabulary import Priority
from core.search import index
from escalation.models import Team
from problems import queries, rules
from problems.models import Audience, CauseCategory, KnownError, Problem, Source, Status
from worklog import operations as worklog
from worklog import subjects

EDITABLE = frozenset({
    "title", "description", "source", "priority", "application", "component", "team", "owner", "workaround",
    "contributing_factors", "evidence",
})  # fmt: skip
RAISES = {"incident": Source.INCIDENT, "ticket": Source.RECURRING}


@transaction.atomic
def open_problem(
    *,
    title: str,
    source: str = Source.PROACTIVE,
    description: str = "",
    priority: str = Priority.P2,
    application: Application | None = None,
    component: Component | None = None,
    team: Team | None = None,
    owner: User | None = None,
    workaround: str = "",
    contributing_factors: str = "",
    evidence: str = "",
    by: Actor,
) -> Problem:
    """Open a problem; a title is enough."""
    require(by, Permission.RAISE_PROBLEM)
    return _create(
        by, title=title, source=source, description=description, priority=priority, application=application,
        component=component, team=team, owner=owner, workaround=workaround,
        contributing_factors=contributing_factors, evidence=evidence,
    )  # fmt: skip


@transaction.atomic
def raise_problem(ref: str, *, source: str = "", title: str = "", by: Actor) -> Problem:
    """Open a problem from a ticket or an incident and link the two; each raises one problem only.

    The title of a confidential ticket stays with it. Raises NotFound, or Conflict naming the problem it has.
    """
    if not can(by, Permission.VIEW_PROBLEMS) and by.is_customer:
        raise NotFound("There is nothing here.")
    origin = subjects.find(ref, by)
    if origin.SUBJECT not in RAISES:
        raise RuleBroken("A problem is raised from a ticket or an incident.", field="ref")
    require(by, Permission.RAISE_PROBLEM)
    hidden = getattr(origin, "confidential", False)
    shown = f"Cause of {origin.reference}" if hidden else getattr(origin, subjects.kind(origin.SUBJECT).title)
    try:
        with transaction.atomic():
            problem = _create(
                by,
                title=(title.strip() or shown)[:200],
                source=source or RAISES[origin.SUBJECT],
                priority=getattr(origin, "priority", "") or Priority.P2,
                application=getattr(origin, "application", None),
                component=getattr(origin, "component", None),
                raised_from_kind=origin.SUBJECT,
                raised_from_id=origin.pk,
            )
    except IntegrityError as error:
        existing = queries.raised_from(origin.SUBJECT, origin.pk)
        if existing is None:
            raise
        raise Conflict(f"{origin.reference} has its problem already: {existing.reference}.") from error
    worklog.link(problem, origin, by=by)
    return problem


@transaction.atomic
def edit(ref: str, *, changes: dict[str, Any], version: int | None = None, by: Actor) -> Problem:
    """Change facts of a problem. With a `version` that is not the present one: Stale, naming what differs."""
    problem = queries.get_for(ref, by=by, to=Permission.WORK_PROBLEM)
    if unknown := set(changes) - EDITABLE:
        raise RuleBroken(f"{', '.join(sorted(unknown))} is not edited directly.")
    if "title" in changes and not changes["title"].strip():
        raise RuleBroken("Give it a title, for example “Export stops above 10,000 rows”.", field="title")
    before, after = trail.changed(problem, changes)
    if before or version not in (None, problem.version):
        _write(problem, changes, version)
        trail.record("problem.edited", on=problem, by=by, before=before, after=after)
    return _indexed(queries.fresh(problem.pk))


@transaction.atomic
def investigate(ref: str, *, by: Actor) -> Problem:
    """Start looking for the cause; whoever starts owns it when nobody did."""
    problem = queries.get_for(ref, by=by, to=Permission.WORK_PROBLEM)
    owner = {"owner_id": by.user_id} if problem.owner_id is None and by.user_id is not None else {}
    return _move(problem, "investigate", Status.INVESTIGATING, "problem.investigated", by, owner)


@transaction.atomic
def set_root_cause(
    ref: str,
    *,
    category: str,
    statement: str,
    whys: list[str] | None = None,
    contributing_factors: str | None = None,
    evidence: str | None = None,
    by: Actor,
) -> Problem:
    """State the root cause, or correct it. An open problem becomes a known error."""
    problem = queries.get_for(ref, by=by, to=Permission.WORK_PROBLEM)
    if not statement.strip():
        raise RuleBroken("Say what the cause is in one sentence.", field="statement")
    values: dict[str, Any] = {
        "cause_category": CauseCategory(category),
        "cause": statement.strip(),
        "whys": rules.clean_whys(problem.whys if whys is None else whys),
    }
    if contributing_factors is not None:
        values["contributing_factors"] = contributing_factors
    if evidence is not None:
        values["evidence"] = evidence
    early = problem.status in (Status.OPEN, Status.INVESTIGATING)
    to = Status.KNOWN_ERROR if early else Status(problem.status)
    return _indexed(_move(problem, "root_cause", to, "problem.root_cause_stated", by, values))


@transaction.atomic
def plan_fix(ref: str, *, fix_kind: str, changes: list[str] | None = None, by: Actor) -> Problem:
    """Choose how it will be fixed, and link the changes (CHG references) that carry the fix."""
    problem = queries.get_for(ref, by=by, to=Permission.WORK_PROBLEM)
    works = [subjects.find(reference, by) for reference in changes or []]
    if wrong := [work.reference for work in works if work.SUBJECT != "change"]:
        raise RuleBroken(f"{', '.join(wrong)} is no change. Example: CHG-12.", field="changes")
    references = [work.reference for work in works]
    moved = _move(
        problem,
        "plan_fix",
        Status.FIXING,
        "problem.fix_planned",
        by,
        {"fix_kind": fix_kind},
        changes=references,
    )
    for work in works:
        worklog.link(moved, work, by=by)
    return moved


@transaction.atomic
def resolve(ref: str, *, by: Actor) -> Problem:
    """The fix is in; it is watched from here on. Needs the root cause."""
    problem = queries.get_for(ref, by=by, to=Permission.WORK_PROBLEM)
    rules.check_move(problem.reference, problem.status, "resolve")
    rules.check_resolve(problem.reference, problem.cause)
    return _move(problem, "resolve", Status.RESOLVED, "problem.resolved", by, {"resolved_at": clock.now()})


@transaction.atomic
def close(ref: str, *, by: Actor) -> Problem:
    """Close it. Needs every follow-up action done, or dropped with a reason."""
    problem = queries.get_for(ref, by=by, to=Permission.WORK_PROBLEM)
    rules.check_move(problem.reference, problem.status, "close")
    rules.check_close(problem.reference, list(problem.actions.open().values_list("title", flat=True)))
    return _move(problem, "close", Status.CLOSED, "problem.closed", by, {"closed_at": clock.now()})


@transaction.atomic
def reopen(ref: str, *, reason: str, by: Actor) -> Problem:
    """It happened again, or the fix does not hold: back to finding the cause. What was written stays."""
    problem = queries.get_for(ref, by=by, to=Permission.WORK_PROBLEM)
    rules.check_move(problem.reference, problem.status, "reopen")
    why = rules.reason_given(reason, "Say why it is reopened.")
    values = {"resolved_at": None, "closed_at": None, "reopened_count": problem.reopened_count + 1}
    return _move(problem, "reopen", Status.INVESTIGATING, "problem.reopened", by, values, reason=why)


# --- known error ------------------------------------------------------------------------------------------
@transaction.atomic
def propose_known_error(
    ref: str,
    *,
    symptom: str,
    workaround: str,
    audience: str = Audience.INTERNAL,
    matcher: str = "",
    by: Actor,
) -> Problem:
    """Write down what people meet and what helps, for somebody else to publish."""
    problem = queries.get_for(ref, by=by, to=Permission.WORK_PROBLEM)
    _still_open(problem)
    known = _known_error(problem)
    if known is not None and known.is_published:
        raise Conflict("This known error is published; a problem manager corrects it by publishing again.")
    texts = _texts(symptom, workaround, audience, matcher)
    rules.check_known_error(texts["symptom"], texts["workaround"])
    _put_known_error(problem, known, {**texts, "proposed_by_id": by.user_id, "proposed_at": clock.now()})
    trail.record("problem.known_error_proposed", on=problem, by=by, before=_shown(known), after=texts)
    return _indexed(queries.fresh(problem.pk))


@transaction.atomic
def publish_known_error(
    ref: str,
    *,
    symptom: str = "",
    workaround: str = "",
    audience: str | None = None,
    matcher: str | None = None,
    by: Actor,
) -> Problem:
    """Publish the known error that another person wrote, with corrections where they are given.

    Its author never publishes it: that is who proposed it or, where nobody did, who opened the problem.
    Publishing it again changes the texts that differ, and when none does, nothing at all.
    """
    problem = queries.get_for(ref, by=by, to=Permission.PUBLISH_KNOWN_ERROR)
    _still_open(problem)
    known = _known_error(problem)
    texts = _texts(
        symptom or (known.symptom if known else ""),
        workaround or (known.workaround if known else problem.workaround),
        audience or (known.audience if known else Audience.INTERNAL),
        matcher if matcher is not None else (known.matcher if known else ""),
    )
    rules.check_known_error(texts["symptom"], texts["workaround"])
    rules.check_publisher(known.proposed_by_id if known else problem.opened_by_id, by)
    before, again = _shown(known), known is not None and known.is_published
    if again and before == texts:
        return problem
    now = clock.now()
    first = {} if known else {"proposed_at": now}
    stamp = {} if again else {"published_by_id": by.user_id, "published_at": now}
    _put_known_error(problem, known, {**texts, **first, **stamp})
    name = "problem.known_error_corrected" if again else "problem.known_error_published"
    trail.record(name, on=problem, by=by, before=before, after=texts)
    return _indexed(queries.fresh(problem.pk))


def _known_error(problem: Problem) -> KnownError | None:
    return getattr(problem, "known_error", None)


def _texts(symptom: str, workaround: str, audience: str, matcher: str) -> dict[str, str]:
    return {
        "symptom": symptom.strip(),
        "workaround": workaround.strip(),
        "audience": str(Audience(audience)),
        "matcher": matcher.strip(),
    }


def _shown(known: KnownError | None) -> dict[str, str]:
    return _texts(known.symptom, known.workaround, known.audience, known.matcher) if known else {}


def _put_known_error(problem: Problem, known: KnownError | None, values: dict[str, Any]) -> None:
    """Write it once: of two who publish or propose at the same time, the second hears of the first."""
    meanwhile = Conflict(f"Somebody else just wrote {problem.reference}’s known error; look at it again.")
    if known is None:
        try:
            with transaction.atomic():
                KnownError.objects.create(problem=problem, **values)
        except IntegrityError as error:
            raise meanwhile from error
    else:
        found = KnownError.objects.filter(pk=known.pk, version=known.version)
        if not found.update(**values, version=F("version") + 1):
            raise meanwhile
    Problem.objects.filter(pk=problem.pk).update(
        workaround=values["workaround"], version=F("version") + 1, updated_at=clock.now()
    )


def _still_open(problem: Problem) -> None:
    if problem.status == Status.CLOSED:
        raise Conflict(f"{problem.reference} is closed. Reopen it first.")


# --- writing ----------------------------------------------------------------------------------------------
def _create(by: Actor, **values: Any) -> Problem:
    values["title"] = values["title"].strip()
    if not values["title"]:
        raise RuleBroken("Give it a title, for example “Export stops above 10,000 rows”.", field="title")
    now = clock.now()
    problem = Problem.objects.create(**values, opened_by_id=by.user_id, created_at=now, updated_at=now)
    trail.record(
        "problem.opened", on=problem, by=by, after={"title": problem.title, "source": str(problem.source)}
    )
    return _indexed(problem)


def _move(
    problem: Problem, verb: str, to: Status, event: str, by: Actor, values: dict[str, Any], **data: Any
) -> Problem:
    """One legal move as one conditional UPDATE. By version too, so that no action slips in while it closes."""
    rules.check_move(problem.reference, problem.status, verb)
    values = {"status": to, **values}
    before, after = trail.changed(problem, values)
    found = Problem.objects.filter(pk=problem.pk, status=problem.status, version=problem.version)
    if not found.update(**values, version=F("version") + 1, updated_at=clock.now()):
        raise Conflict(f"Somebody else just changed {problem.reference}; look at it again.")
    trail.record(event, on=problem, by=by, before=before, after=after, **data)
    return queries.fresh(problem.pk)


def _write(problem: Problem, values: dict[str, Any], version: int | None) -> None:
    found = Problem.objects.filter(pk=problem.pk)
    if version is not None:
        found = found.filter(version=version)
    if not found.update(**values, version=F("version") + 1, updated_at=clock.now()):
        now = queries.fresh(problem.pk)
        differing, _ = trail.changed(now, values)
        raise Stale(f"{problem.reference} was changed since you read it.", fields=differing)


def _indexed(problem: Problem) -> Problem:
    """Keep the search index in step; problems exist for staff only."""
    known = _known_error(problem)
    texts = [problem.description, problem.cause, *problem.whys, problem.workaround, problem.evidence]
    texts += [known.symptom, known.matcher] if known else []
    index.put(
        Problem.SUBJECT,
        problem.pk,
        reference=problem.reference,
        title=problem.title,
        staff="\n".join(text for text in texts if text),
        staff_only=True,
    )
    return problem
