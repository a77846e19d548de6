"""Where a visit begins."""

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect


def home(request: HttpRequest) -> HttpResponse:
    """Customers to their requests, staff to the queue, others to the sign-in page, which leads back here."""
    if not request.user.is_authenticated:
        return redirect_to_login("/")
    return redirect("portal:list" if request.actor.is_customer else "tickets:list")  # type: ignore[attr-defined]
