"""One way from a posted form through one operation to an answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme

from core.common.errors import RuleBroken, Stale

_BREAKS = re.compile(r"[\x0b\x0c]")  # how word processors break lines and pages
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")


def act(
    request: HttpRequest,
    form: forms.Form,
    do: Callable[[dict[str, Any]], Any],
    *,
    done: Callable[[Any], HttpResponse],
    again: Callable[[forms.Form, int], HttpResponse],
) -> HttpResponse:
    """Parse, run one operation, answer.

    `do` gets the cleaned data without control characters; `done` makes the answer from its result (a
    redirect, a fragment);
    `again` shows the page once more with the bound form, so that the typed text is kept, and the status:
    422 for fields that do not parse, else the status of the broken rule.
    """
    if not form.is_valid():
        return again(form, 422)
    try:
        result = do(typed(form.cleaned_data))
    except RuleBroken as broken:
        if broken.status == 404:
            raise
        show(form, broken)
        return again(form, broken.status)
    return done(result)


def typed(value: Any) -> Any:
    """Cleaned data with the control characters taken out of its texts, which the API refuses.

    They come along unseen with what people paste from terminals and word processors; nobody who is told about them
    could find them. Line breaks and tabs stay.
    """
    if isinstance(value, str):
        return _CONTROL.sub("", _BREAKS.sub(" ", value))
    if isinstance(value, dict):
        return {name: typed(one) for name, one in value.items()}
    return [typed(one) for one in value] if type(value) is list else value


def way_back(place: str) -> HttpResponse | None:
    """A redirect to where a form was, if that is a page of this site; None for anything else that was sent."""
    if place.startswith("/") and url_has_allowed_host_and_scheme(place, allowed_hosts=None):
        return HttpResponseRedirect(place)
    return None


def show(form: forms.Form, broken: RuleBroken) -> None:
    """Put a broken rule on the form, at its fields where it names some that the form has."""
    placed = False
    for field, sentences in broken.errors.items():
        for sentence in sentences:
            form.add_error(field if field in form.fields else None, sentence)
            placed = True
    if not placed or isinstance(broken, Stale):  # the fields say what stands there now, the sentence why
        form.add_error(None, broken.sentence)
