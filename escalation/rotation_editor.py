"""The pages on which a team's rotations are made and changed, with what it would do before it is saved."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.functional import cached_property
from django.views.decorators.http import require_GET, require_http_methods

from core.accounts.permissions import Permission, can
from core.accounts.web import page
from core.common import clock
from core.common.errors import RuleBroken
from core.common.web import act
from escalation import operations, previewing, queries
from escalation.local_time import zone_of
from escalation.models import Rotation, Team
from escalation.planning import Foresight
from escalation.rotation_forms import (
    MOST_HOURS,
    MOVES,
    OFFICE_HOURS,
    HoursForm,
    RotationForm,
    numbers,
    rearranged,
)

LOOK = "look"  # the button that shows what would change, and saves nothing


@require_GET
@page(Permission.VIEW_DIRECTORY)
def index(request: HttpRequest, slug: str) -> HttpResponse:
    """The rotations of a team: the layers of each step, and those that rest."""
    by = request.actor  # type: ignore[attr-defined]
    team = queries.team_alone(slug, by=by)
    context = {
        "team": team,
        "rotations": queries.rotations(by).filter(team=team).order_by("-active", "step", "position", "pk"),
        "may_edit": can(by, Permission.MANAGE_DIRECTORY),
    }
    return render(request, "escalation/rotations.html", context)


@require_http_methods(["GET", "POST"])
@page(Permission.VIEW_DIRECTORY)
def new(request: HttpRequest, slug: str) -> HttpResponse:
    """One more rotation of a team, by default in the team's zone."""
    team = queries.team_alone(slug, by=request.actor, to=Permission.MANAGE_DIRECTORY)  # type: ignore[attr-defined]
    return _answer(request, team, None)


@require_http_methods(["GET", "POST"])
@page(Permission.VIEW_DIRECTORY)
def edit(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """A rotation from now on; who was on call until now stays."""
    rotation = queries.rotation_of(slug, pk, by=request.actor, to=Permission.MANAGE_DIRECTORY)  # type: ignore[attr-defined]
    return _answer(request, rotation.team, rotation)


@require_GET
@page(Permission.VIEW_DIRECTORY)
def preview(request: HttpRequest, slug: str) -> HttpResponse:
    """What the typed rotation would do: a fragment beside the form. ?of= names the rotation that is edited."""
    by, of, to = request.actor, request.GET.get("of", ""), Permission.MANAGE_DIRECTORY  # type: ignore[attr-defined]
    rotation = queries.rotation_of(slug, of, by=by, to=to) if of else None
    team = rotation.team if rotation else queries.team_alone(slug, by=by, to=to)
    typed = Typed(request, team, rotation, rearranged(request.GET)[0])
    return render(request, "escalation/rotation_preview.html", _seen(typed))


class Typed:
    """The form of a rotation and those of its hours: as sent, or as stored."""

    def __init__(
        self, request: HttpRequest, team: Team, rotation: Rotation | None, sent: QueryDict | None
    ) -> None:
        self.team, self.rotation, self.sent = team, rotation, sent
        by = request.actor  # type: ignore[attr-defined]
        people = queries.people(by).prefetch_related(None).order_by("first_name", "last_name", "username")
        if sent is not None:
            self.form = RotationForm(sent, people=people, stored=rotation)
            self.hours = [HoursForm(sent, prefix=f"h{n}") for n in self._numbers(sent)]
        else:
            initial = RotationForm.initial_of(rotation) if rotation else _beginning(team)
            self.form = RotationForm(initial=initial, people=people, stored=rotation)
            rows = rotation.restrictions if rotation else []
            self.hours = [
                HoursForm(initial=HoursForm.initial_of(row), prefix=f"h{n}") for n, row in enumerate(rows, 1)
            ]

    @cached_property
    def valid(self) -> bool:
        return all([self.form.is_valid(), *[hours.is_valid() for hours in self.hours]])

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What the operation takes, from a valid form; kept, as a refusal takes the refused fields from the form."""
        return self.form.facts() | {"restrictions": [hours.row() for hours in self.hours]}

    def add_hours(self) -> None:
        if len(self.hours) < MOST_HOURS:
            used = [int(str(hours.prefix)[1:]) for hours in self.hours]
            self.hours.append(HoursForm(initial=OFFICE_HOURS, prefix=f"h{max(used, default=0) + 1}"))

    def forgive(self) -> None:
        """Say nothing yet of what is wrong: the form is still being filled in."""
        for form in (self.form, *self.hours):
            form.errors.clear()

    @staticmethod
    def _numbers(sent: QueryDict) -> list[int]:
        dropped = numbers(sent.get("drop_hours", ""))
        return [number for number in numbers(sent.get("hours", "")) if number not in dropped]


def _answer(request: HttpRequest, team: Team, rotation: Rotation | None) -> HttpResponse:
    if request.method == "GET":
        return _page(request, Typed(request, team, rotation, None), {})
    sent, focus = rearranged(request.POST)
    typed = Typed(request, team, rotation, sent)
    if any(button in request.POST for button in MOVES):
        return _moved(request, typed, focus)
    if LOOK in request.POST or not typed.valid:
        return _page(request, typed, _seen(typed), status=200 if typed.valid else 422)
    return _save(request, typed)


def _moved(request: HttpRequest, typed: Typed, focus: str) -> HttpResponse:
    """The form with the button carried out; what is not filled in yet is not complained about."""
    seen = _seen(typed)
    typed.forgive()
    if "add_hours" in request.POST:
        typed.add_hours()
    return _page(request, typed, seen, focus=focus)


def _save(request: HttpRequest, typed: Typed) -> HttpResponse:
    by, rotation = request.actor, typed.rotation  # type: ignore[attr-defined]

    def do(data: dict[str, Any]) -> Rotation:
        if rotation is None:
            return operations.create_rotation(team=typed.team, **typed.facts, by=by)
        return operations.edit_rotation(rotation.pk, changes=typed.facts, version=data["version"], by=by)

    def done(saved: Rotation) -> HttpResponse:
        messages.success(request, f"{saved.name} is saved. Who was on call until now stays as it was.")
        return redirect("escalation:rotations", typed.team.slug)

    return act(
        request, typed.form, do, done=done, again=lambda _, status: _page(request, typed, _seen(typed), status=status)
    )  # fmt: skip


def _seen(typed: Typed) -> dict[str, Any]:
    """The preview of what was typed: what would be, why it would be refused, or that it is not complete."""
    if not typed.valid:
        wrong = [
            text for form in (typed.form, *typed.hours) for texts in form.errors.values() for text in texts
        ]
        return {"not_yet": wrong}
    facts, now, known = typed.facts, clock.now(), typed.form.known
    try:
        seen: Foresight = (
            previewing.of_edit(typed.rotation, facts, now, known)
            if typed.rotation
            else previewing.of_new(typed.team, facts, now, known)
        )
    except RuleBroken as broken:
        return {"refused": [text for texts in broken.errors.values() for text in texts] or [broken.sentence]}
    return {"seen": seen, "zone": facts["zone"]}


def _beginning(team: Team) -> dict[str, Any]:
    """What a new rotation begins with: today, in the team's zone."""
    today = clock.now().astimezone(zone_of(team.zone)).date()
    return {"zone": team.zone, "start": today, "handoff_weekday": 0, "people": []}


def _page(
    request: HttpRequest, typed: Typed, seen: dict[str, Any], *, focus: str = "", status: int = 200
) -> HttpResponse:
    if focus == "id_newcomer":
        typed.form.fields["newcomer"].widget.attrs["autofocus"] = True
    turns = [(person, focus == f"up-{n}", focus == f"down-{n}") for n, person in enumerate(typed.form.turns)]
    context = {
        "team": typed.team,
        "rotation": typed.rotation,
        "form": typed.form,
        "turns": turns,
        "hours": [(str(hours.prefix)[1:], hours) for hours in typed.hours],
        "hour_numbers": ",".join(str(hours.prefix)[1:] for hours in typed.hours),
        "room": len(typed.hours) < MOST_HOURS,
        "focus": focus,
        **seen,
    }
    return render(request, "escalation/rotation_form.html", context, status=status)
