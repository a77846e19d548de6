"""One page with every part on it: rendered by the template tests, looked at by the browser tests."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import include, path

from core.common.clock import now
from servicedesk.templatetags.desk import STATES

NASTY = '<script>alert("x")</script>'
HERE = Path(__file__).parent


class GalleryForm(forms.Form):
    title = forms.CharField(help_text="Appears in subjects.")
    kind = forms.ChoiceField(choices=[("issue", "Issue"), ("question", "Question")])
    batch = forms.IntegerField()
    impact = forms.ChoiceField(choices=[("high", "High"), ("low", "Low")], widget=forms.RadioSelect)
    text = forms.CharField(widget=forms.Textarea)
    areas = forms.MultipleChoiceField(
        choices=[("code", "Code"), ("data", "Data")], widget=forms.CheckboxSelectMultiple
    )
    agree = forms.BooleanField(label="Open a problem", required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, initial=1)


def context(user: Any = None, at: datetime | None = None) -> dict[str, Any]:
    """Invented values for every part."""
    moment = at or now()
    monday = (moment - timedelta(days=moment.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    return {
        "ana": user,
        "nasty": NASTY,
        "states": list(STATES),
        "cells": [{"name": name} for name in ("severity", "status", "clock", "owner")],
        "now": moment,
        "soon": moment + timedelta(seconds=250),
        "later": moment + timedelta(hours=20),
        "late": moment - timedelta(minutes=18),
        "day": timedelta(days=1),
        "hour": timedelta(hours=1, minutes=12),
        "form": GalleryForm({"title": "Payouts missing", "batch": "PB", "impact": "high", "version": "1"}),
        "steps": [
            {"name": "L1", "note": "11 min", "state": "done"},
            {"name": "L2", "note": "6 min so far", "state": "now"},
            {"name": "L3", "note": "", "state": ""},
        ],
        "entries": [
            {"at": moment, "kind": "plan", "sign": "cast", "text": "Update 4 due"},
            {
                "at": moment,
                "kind": "sent",
                "sign": "cast",
                "strong": "Update 3",
                "text": "to 42",
                "box": "Cause found.",
            },
        ],
        "files": [{"name": "log.txt", "url": "#x"}],
        "then": [("", "keep In progress"), ("waiting", "Waiting")],
        "remaining": [34, 33, 31, 28, 26, 23],
        "attained": [
            {"name": "P0", "value": 96, "target": 95, "note": "4"},
            {"name": "P1", "value": 88, "target": 90, "note": "31"},
        ],
        "days": [{"label": str(day), "values": [day, 12, 6]} for day in range(10, 24)],
        "chips": [{"text": "INC-1", "look": "red", "sign": "siren"}],
        "row_chips": [("INC-1", "red", "siren")],
        "statuses": [200, 204, 409, 500],
        "week": [monday + timedelta(days=day) for day in range(7)],
        "start": monday,
        "end": monday + timedelta(days=7),
    }


def show(request: HttpRequest) -> HttpResponse:
    """The gallery, for whoever is signed in."""
    page = engines["django"].from_string((HERE / "gallery.html").read_text())
    return HttpResponse(page.render(context(request.user), request))


def part(request: HttpRequest, status: int) -> HttpResponse:
    """A fragment that a live part of the page asks for, answered with the given status."""
    answer = HttpResponse('<p id="fragment">New words</p>', status=status)
    answer["HX-Trigger"] = '{"toast": "Saved."}'
    return answer


# Addresses of its own, so that the parts can be looked at whatever state the pages are in.
urlpatterns = [
    path("", show, name="home"),
    path("gallery/", show),
    path("gallery/part/<int:status>/", part),
    path("accounts/", include("allauth.urls")),
]
