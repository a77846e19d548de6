import pytest
from django.test import Client
from django.urls import reverse

from core.audit.models import Event
from sla.models import Calendar, Policy

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(client: Client, root) -> Client:
    type(root).objects.filter(pk=root.pk).update(is_staff=True, is_superuser=True)
    client.force_login(
        type(root).objects.get(pk=root.pk), backend="django.contrib.auth.backends.ModelBackend"
    )
    return client


def test_a_calendar_edited_in_the_admin_goes_through_the_operation(boss, calendar) -> None:
    form = {"slug": "paris", "name": "Paris", "zone": "Europe/Paris", "weekly": '{"mon": [["10:00", "12:00"]]}',
            "holiday_country": "FR", "extra_days": "{}"}  # fmt: skip

    boss.post(reverse("admin:sla_calendar_change", args=[calendar.pk]), form)

    assert Calendar.objects.get().version == 2
    assert Event.objects.latest("id").name == "calendar.changed"


def test_a_policy_that_contradicts_itself_comes_back_with_the_sentence(boss, calendar) -> None:
    form = {"name": "Odd", "order": "1", "resolution_minutes": "60", "calendar": calendar.pk, "active": "on",
            "pause_reasons": '["new"]'}  # fmt: skip

    page = boss.post(reverse("admin:sla_policy_add"), form)

    assert "where they start" in page.content.decode()
    assert Policy.objects.count() == 0


def test_a_new_policy_is_in_the_trail(boss, calendar) -> None:
    form = {"name": "All", "order": "1", "resolution_minutes": "60", "calendar": calendar.pk, "active": "on",
            "pause_reasons": "[]"}  # fmt: skip

    boss.post(reverse("admin:sla_policy_add"), form)

    assert Policy.objects.get().targets == (None, None, 60)
    assert Event.objects.latest("id").name == "policy.created"
