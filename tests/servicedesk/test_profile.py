"""The profile: keys, zone and theme, for oneself."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from core.audit.models import Event

pytestmark = pytest.mark.django_db


def test_keys_zone_and_theme_are_ones_own(client: Client, ana: Any, eli: Any) -> None:
    client.force_login(ana)
    assert 'data-shortcuts="off"' not in client.get("/tickets/").content.decode()

    saved = client.post("/accounts/profile/", {"timezone": "Europe/Paris", "theme": "dark"}, follow=True)

    assert 'data-theme-saved="dark"' in saved.content.decode()
    page = client.get("/tickets/").content.decode()
    assert 'data-shortcuts="off"' in page and 'data-theme="dark"' in page
    event = Event.objects.get(name="user.profile_edited")
    assert event.actor_id == ana.pk and event.after["timezone"] == "Europe/Paris"
    eli.refresh_from_db()
    assert eli.shortcuts and eli.theme == ""


def test_an_unknown_zone_is_refused_with_the_form(client: Client, ana: Any) -> None:
    client.force_login(ana)
    answer = client.post("/accounts/profile/", {"timezone": "Mars/Olympus", "theme": ""})
    assert answer.status_code == 422
    ana.refresh_from_db()
    assert ana.timezone == "UTC"


def test_nobody_has_no_profile(client: Client) -> None:
    assert client.get("/accounts/profile/").url.startswith("/accounts/login/")
