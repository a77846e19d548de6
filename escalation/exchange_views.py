"""The directory as files: handing it out, and bringing one in after a look at what would change."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from core.accounts.permissions import Permission
from core.accounts.web import page
from core.common import clock
from core.common.errors import RuleBroken
from core.common.web import show
from escalation import operations, queries
from escalation.exchange import files
from escalation.exchange.columns import KINDS, TEAMS

TYPES = {"csv": "text/csv", "vcf": "text/vcard"}


@require_GET
@page(Permission.VIEW_DIRECTORY)
def export(request: HttpRequest, kind: str, form: str) -> HttpResponse:
    """Teams or people as CSV or vCard. Private numbers are in neither."""
    by = request.actor  # type: ignore[attr-defined]
    columns = KINDS[kind]
    entries = queries.teams(by) if columns is TEAMS else queries.people(by).prefetch_related(None)
    write = files.to_csv if form == "csv" else files.to_vcard
    answer = HttpResponse(write(columns, entries), content_type=f"{TYPES[form]}; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{kind}-{clock.now():%Y-%m-%d}.{form}"'
    return answer


class ImportForm(forms.Form):
    """A file the first time; its text when what would change was looked at."""

    file = forms.FileField(required=False, label="CSV or vCard file", help_text="UTF-8, at most 1 MB.")
    text = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if not data.get("file") and not data.get("text"):
            self.add_error("file", "Choose a file. An export of the directory shows how one looks.")
        return data

    def content(self) -> str:
        """What was sent, as text. Raises RuleBroken for what is none."""
        uploaded = self.cleaned_data.get("file")
        raw = uploaded.read(files.MOST_BYTES + 1) if uploaded else self.cleaned_data["text"].encode()
        return files.decoded(raw)


@require_http_methods(["GET", "POST"])
@page(Permission.VIEW_DIRECTORY)
@page(Permission.MANAGE_DIRECTORY)
def bring_in(request: HttpRequest) -> HttpResponse:
    """First what a file would change, row by row; then, after a second click, the change."""
    if request.method == "GET":
        return _page(request, ImportForm())
    form = ImportForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, form, status=422)
    dry_run = "really" not in request.POST
    try:
        text = form.content()
        parsed = files.parse(text)
        report = operations.import_directory(parsed.kind, parsed.rows, dry_run=dry_run, by=request.actor)  # type: ignore[attr-defined]
    except RuleBroken as broken:
        show(form, broken)
        return _page(request, form, status=broken.status)
    if report.written:
        messages.success(request, f"{len(report.changed)} of {len(report.rows)} {parsed.kind.name} changed.")
        return redirect("escalation:people" if parsed.kind is not TEAMS else "escalation:list")
    status = 409 if report.wrong and not dry_run else 200
    return _page(request, form, status, report=report, aside=sorted(parsed.aside.items()), text=text)


def _page(request: HttpRequest, form: ImportForm, status: int = 200, **more: Any) -> HttpResponse:
    context = {"form": form, "kinds": KINDS.values(), **more}
    return render(request, "escalation/import.html", context, status=status)
