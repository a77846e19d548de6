"""Macros: the page where they are kept, and using one on a ticket."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.accounts.permissions import Permission
from core.accounts.web import page
from core.common.errors import RuleBroken
from core.common.web import act
from tickets import macros, operations, queries
from tickets.conversation_forms import MacroForm, UseMacroForm, initial_of
from tickets.models import Macro


@require_GET
@page(Permission.VIEW_QUEUE)
@page(Permission.MANAGE_MACROS)
def index(request: HttpRequest) -> HttpResponse:
    """All macros, those out of use as well."""
    found = queries.macros_kept(request.actor).select_related("team").order_by("-active", "name")  # type: ignore[attr-defined]
    return render(request, "tickets/macros.html", {"macros": found})


@require_http_methods(["GET", "POST"])
@page(Permission.VIEW_QUEUE)
@page(Permission.MANAGE_MACROS)
def new(request: HttpRequest) -> HttpResponse:
    return _edit(request, None)


@require_http_methods(["GET", "POST"])
@page(Permission.VIEW_QUEUE)
@page(Permission.MANAGE_MACROS)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    return _edit(request, queries.macro(pk, by=request.actor))  # type: ignore[attr-defined]


@require_POST
@page(Permission.VIEW_QUEUE)
@page(Permission.WORK_TICKET)
def use(request: HttpRequest, ref: str) -> HttpResponse:
    """Change the fields and put the text into the reply box."""
    actor = request.actor  # type: ignore[attr-defined]

    def do(data: dict[str, Any]) -> Any:
        macro = queries.macro_to_use(data["macro"].pk, by=actor)
        return operations.use_macro(ref, macro=macro, typed=data["typed"], by=actor)

    def done(used: Any) -> HttpResponse:
        said = f" {'. '.join(used.words)}." if used.words else ""
        messages.success(request, f"{used.macro.name}.{said}")
        query = f"?{urlencode({'then': used.then})}" if used.then else ""
        return redirect(f"/tickets/{ref}/{query}#composer")

    def again(form: Any, status: int) -> HttpResponse:
        for sentences in form.errors.values():
            for sentence in sentences:
                messages.warning(request, sentence)
        return redirect("tickets:detail", ref)

    return act(request, UseMacroForm(request.POST), do, done=done, again=again)


def _edit(request: HttpRequest, macro: Macro | None) -> HttpResponse:
    if request.method == "GET":
        return _page(request, macro, MacroForm(initial=initial_of(macro) if macro else {}))
    form = MacroForm(request.POST)
    if "preview" in request.POST:
        return _page(request, macro, form, tried=_try(request, form))

    def do(data: dict[str, Any]) -> Macro:
        facts = {name: value for name, value in data.items() if name != "example"}
        return operations.save_macro(macro.pk if macro else None, **facts, by=request.actor)  # type: ignore[attr-defined]

    def done(saved: Macro) -> HttpResponse:
        messages.success(request, f"“{saved.name}” is saved.")
        return redirect("tickets:macros")

    return act(request, form, do, done=done, again=lambda f, status: _page(request, macro, f, status=status))


def _try(request: HttpRequest, form: MacroForm) -> Any:
    """The macro as typed, on a real ticket; nothing is saved and nothing changes."""
    if not form.is_valid():
        return None
    data = form.cleaned_data
    changes = operations.macros.kept(data["changes"])
    typed = Macro(name=data["name"], text=data["text"], public=data["public"], changes=changes)
    try:
        macros.check(name=typed.name, text=typed.text, public=typed.public, changes=changes)
        return operations.preview_macro(data["example"], macro=typed, by=request.actor)  # type: ignore[attr-defined]
    except RuleBroken as broken:
        for field, sentences in (broken.errors or {"example": [broken.sentence]}).items():
            form.add_error(field if field in form.fields else None, sentences)
        return None


def _page(
    request: HttpRequest, macro: Macro | None, form: MacroForm, *, tried: Any = None, status: int = 200
) -> HttpResponse:
    context = {"macro": macro, "form": form, "variables": macros.VARIABLES, "tried": tried}
    return render(request, "tickets/macro.html", context, status=status)
