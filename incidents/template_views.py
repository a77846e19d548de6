"""The pages where updates are worded: every kind for every audience, with how it looks on a phone."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.accounts.permissions import Permission
from core.accounts.web import page
from core.common.errors import RuleBroken
from core.common.web import act, show
from customers.models import Audience
from incidents import operations, queries, templating, wording
from incidents.forms import SEVERITIES, DeskForm, LongField
from incidents.models import UpdateTemplate


class TemplateForm(DeskForm):
    subject = forms.CharField(
        max_length=200, required=False, help_text="Behind the reference. Empty: the built-in one."
    )
    body = LongField(label="Text", rows=12)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    example = forms.CharField(
        max_length=40,
        required=False,
        label="Preview with",
        help_text="An incident, INC-12; empty: an example.",
    )


class VersionForm(forms.Form):
    version = forms.IntegerField(min_value=0)


@page(Permission.MANAGE_UPDATES)
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """What is worded by the desk, and what is built in."""
    kept = {one.key: one for one in queries.templates(request.actor)}  # type: ignore[attr-defined]
    rows = [
        {
            "kind": kind,
            "slots": [{"audience": one, "template": kept.get(f"{kind}-{one}")} for one in Audience],
        }
        for kind in UpdateTemplate.KINDS
    ]
    wanted = {rule.audience: rule.severities for rule in queries.approval_rules(request.actor)}  # type: ignore[attr-defined]
    approval = [
        {
            "audience": one,
            "choices": [
                (value or "none", label, value in wanted.get(one, [])) for value, label in SEVERITIES
            ],
        }
        for one in Audience
    ]
    return render(request, "incidents/templates.html", {"rows": rows, "approval": approval})


@page(Permission.MANAGE_UPDATES)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, kind: str, audience: str) -> HttpResponse:
    """One template: saved, or with `preview` only shown."""
    if kind not in templating.NEEDED or audience not in Audience.values:
        raise Http404
    found = queries.template(kind, audience, by=request.actor)  # type: ignore[attr-defined]
    if request.method != "POST":
        return _page(request, kind, audience, found, TemplateForm(initial=_initial(found, kind)))
    form = TemplateForm(request.POST)
    if "preview" in request.POST:
        return _page(request, kind, audience, found, form)

    def do(data: dict[str, Any]) -> UpdateTemplate:
        del data["example"]
        return operations.save_template(kind, audience, **data, by=request.actor)  # type: ignore[attr-defined]

    def done(saved: UpdateTemplate) -> HttpResponse:
        messages.success(request, f"{saved}: saved, for the next update on.")
        return redirect("incidents:templates")

    return act(
        request,
        form,
        do,
        done=done,
        again=lambda form, status: _page(request, kind, audience, found, form, status),
    )


@page(Permission.MANAGE_UPDATES)
@require_POST
def built_in(request: HttpRequest, kind: str, audience: str) -> HttpResponse:
    """Back to the text that the desk came with."""
    if kind not in templating.NEEDED or audience not in Audience.values:
        raise Http404
    found = queries.template(kind, audience, by=request.actor)  # type: ignore[attr-defined]

    def done(nothing: None) -> HttpResponse:
        messages.success(request, "The built-in text is used again.")
        return redirect("incidents:templates")

    return act(
        request,
        VersionForm(request.POST),
        lambda data: operations.built_in_again(kind, audience, **data, by=request.actor),  # type: ignore[attr-defined]
        done=done,
        again=lambda form, status: _page(
            request, kind, audience, found, TemplateForm(initial=_initial(found, kind)), status, refused=form
        ),
    )


def _initial(found: UpdateTemplate | None, kind: str) -> dict[str, Any]:
    if found is not None:
        return {"subject": found.subject, "body": found.body, "version": found.version}
    return {"body": templating.START[kind], "version": 0}


def _page(
    request: HttpRequest,
    kind: str,
    audience: str,
    found: UpdateTemplate | None,
    form: forms.Form,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    shown = UpdateTemplate(kind=kind, audience=audience)
    context = {
        "template": shown,
        "found": found,
        "form": form,
        "needed": templating.NEEDED[kind],
        "variables": templating.VARIABLES,
        "tried": _tried(request, shown, form),
        **more,
    }
    return render(request, "incidents/template.html", context, status=status)


def _tried(request: HttpRequest, shown: UpdateTemplate, form: forms.Form) -> tuple[str, str] | None:
    """Subject and mail as they would be now; None while it could not be used, which the form then says."""
    given = (lambda name: str(form[name].value() or "")) if not form.errors else form.cleaned_data.get
    subject, body, ref = (given(name) or "" for name in ("subject", "body", "example"))
    try:
        templating.check(shown.kind, subject, body)
        incident = queries.get_for(ref, by=request.actor) if ref else None  # type: ignore[attr-defined]
    except RuleBroken as broken:
        if form.is_bound and not form.errors:
            if not broken.errors:
                broken.errors = {"example": [broken.sentence]}
            show(form, broken)
        return None
    return wording.preview(shown.kind, shown.audience, subject, body, incident)
