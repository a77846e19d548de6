"""Every part renders, escapes, and says its state in words."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.template import engines
from django.template.loader import get_template
from django.test import Client, RequestFactory
from django.urls import reverse

from core.accounts import actors
from core.accounts.models import User
from servicedesk import charts
from servicedesk.navigation import LiveIncident, Shell, show_live_incident
from servicedesk.templatetags.desk import hue_of
from tests.servicedesk import gallery

TEMPLATES = Path(__file__).parents[2] / "templates"
NAMES = sorted(str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.html"))
START = datetime(2027, 3, 8, tzinfo=UTC)


def render(text: str, **values: Any) -> str:
    return str(engines["django"].from_string(text).render(values))


def asked_by(user: User, path: str = "/gallery/") -> Any:
    request = RequestFactory().get(path)
    request.user = user
    request.actor = actors.for_user(user)  # type: ignore[attr-defined]
    return request


@pytest.mark.parametrize("name", NAMES)
def test_every_template_compiles(name: str) -> None:
    get_template(name)


def test_every_part_renders_and_escapes(ana: User) -> None:
    page = engines["django"].from_string((Path(gallery.__file__).parent / "gallery.html").read_text())
    html = page.render(gallery.context(ana), asked_by(ana))
    assert gallery.NASTY not in html
    assert "&lt;script&gt;" in html
    assert not re.search(r"\sstyle=", html)
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert sorted({name for name in ids if ids.count(name) > 1}) == []
    assert set(re.findall(r'<use href="#([\w-]+)"', html)) - set(ids) == set()


def test_each_part_is_in_the_gallery_or_the_shell() -> None:
    shown = (Path(gallery.__file__).parent / "gallery.html").read_text()
    shown += "".join(path.read_text() for path in TEMPLATES.rglob("*.html"))
    tags = (TEMPLATES.parent / "servicedesk" / "templatetags" / "desk.py").read_text()
    parts = {path.name for path in (TEMPLATES / "ui").glob("*.html")}
    assert {part for part in parts if f"ui/{part}" not in shown + tags} == set()


@pytest.mark.parametrize(
    ("markup", "word"),
    [
        ('{% priority "P0" %}', "Priority P0"),
        ('{% severity "SEV2" %}', "Sev 2"),
        ('{% status "on_hold" words=False %}', 'aria-label="On hold"'),
        ('{% status "open" owner=1 %}', "In progress"),
        ('{% rag "r" "" %}', 'aria-label="Down"'),
        ('{% rag "amber" %}', "Degraded"),
        ("{% avatar %}", 'aria-label="Nobody"'),
        ('{% icon "mail" "E-mail" %}', 'role="img" aria-label="E-mail"'),
        ('{% icon "mail" %}', 'aria-hidden="true"'),
    ],
)
def test_a_mark_says_its_meaning_in_words(markup: str, word: str) -> None:
    assert word in render(markup)


def test_severity_one_fills_the_meter_and_four_a_step() -> None:
    assert render('{% severity "SEV1" %}').count('class="on"') == 4
    assert render('{% severity "SEV4" %}').count('class="on"') == 1


def test_a_field_shows_its_error_instead_of_its_hint_and_is_tied_to_it() -> None:
    html = render("{% field form.batch hint='On the report.' %}", form=gallery.GalleryForm({"batch": "PB"}))
    assert "On the report." not in html
    assert 'aria-invalid="true"' in html
    assert re.search(r'aria-describedby="id_batch_error"', html)
    assert 'id="id_batch_error"' in html
    assert 'value="PB"' in html


def test_a_field_without_error_shows_its_hint() -> None:
    html = render("{% field form.title %}", form=gallery.GalleryForm())
    assert 'id="id_title_hint">Appears in subjects.' in html
    assert "aria-invalid" not in html


def test_a_dialog_opens_without_script_by_its_address(ana: User) -> None:
    text = "{% dialog 'esc' 'Sure?' action='/x' send='Go' %}<p>{{ word }}</p>{% enddialog %}"
    request = RequestFactory().get("/", {"open": "esc"})
    shut = engines["django"].from_string(text).render({"word": "<b>"}, asked_by(ana))
    opened = engines["django"].from_string(text).render({"word": "<b>"}, request)
    assert " open>" not in shut
    assert ' open><form method="post" action="/x" ' in opened
    assert "<p>&lt;b&gt;</p>" in opened
    assert 'form="esc-close"' in opened  # Enter in a field must send, never cancel


def test_a_person_keeps_one_hue_and_neighbours_differ() -> None:
    assert hue_of(7) == hue_of(7)
    assert len({hue_of(number) for number in range(12)}) == 12


@pytest.mark.parametrize(
    ("start_hour", "end_hour", "expected"),
    [
        (0, 24, (1, 24)),
        (72, 96, (73, 24)),
        (-5, 1, (1, 1)),
        (160, 200, (161, 8)),
        (168, 170, None),
        (-3, 0, None),
        (10, 10.2, (11, 1)),
    ],
)
def test_a_slot_takes_the_columns_of_its_hours(start_hour: float, end_hour: float, expected: Any) -> None:
    span = charts.lane_span(
        START + timedelta(hours=start_hour),
        START + timedelta(hours=end_hour),
        START,
        START + timedelta(days=7),
    )
    assert span == expected


def test_a_trend_does_not_make_news_of_noise() -> None:
    heights = [y for _, y in charts.spark_points([100, 101, 100, 99])]
    assert max(heights) - min(heights) < 1


@pytest.mark.parametrize("highest", [0, 1, 7, 55, 300, 30_000, 123_457])
def test_an_axis_holds_the_highest_value_in_four_whole_steps(highest: int) -> None:
    top = charts.round_top(highest)
    assert top >= highest
    assert top % 4 == 0


def test_charts_do_without_values() -> None:
    html = render(
        "{% burn none 'None' %}{% stack none 'None' %}{% bars none 'None' %}{% spark none %}", none=[]
    )
    assert html.count("<svg") == 4


def test_the_menu_holds_only_pages_that_exist_and_are_allowed(ana: User, casey: User) -> None:
    for user in (ana, casey):
        shell = Shell(asked_by(user))
        assert all(link.url for link in shell.links)
    assert "Administration" not in [link.entry.label for link in Shell(asked_by(ana)).links]


def test_the_shell_of_nobody_is_empty(rf: RequestFactory) -> None:
    shell = Shell(rf.get("/"))
    assert (shell.links, shell.live_incident, shell.search_url, shell.user) == ([], None, "", None)


@pytest.fixture
def live_incident() -> Any:
    source = __import__("servicedesk.navigation", fromlist=["x"]).live_incident_source
    show_live_incident(lambda actor: LiveIncident("INC-1", "Cards <i>fail</i>", "/incidents/INC-1/"))
    yield
    show_live_incident(source)


def test_the_live_incident_is_on_staff_pages_only(ana: User, casey: User, live_incident: None) -> None:
    page = engines["django"].from_string('{% extends "base.html" %}')
    staff, customer = (page.render({}, asked_by(user)) for user in (ana, casey))
    assert "INC-1 Cards &lt;i&gt;fail&lt;/i&gt;" in staff
    assert "INC-1" not in customer


def test_messages_are_toasts_and_errors_stay_in_place(client: Client, ana: User) -> None:
    page = engines["django"].from_string('{% extends "base.html" %}')

    class Said:
        def __init__(self, level: int, text: str) -> None:
            self.level, self.text = level, text

        def __str__(self) -> str:
            return self.text

    html = page.render({"messages": [Said(25, "Saved."), Said(40, "Not sent.")]}, asked_by(ana))
    notices, toasts = html.split('class="toasts"')[0], html.split('class="toasts"')[1]
    assert "Not sent." in notices and "Saved." not in notices
    assert "Saved." in toasts and "Not sent." not in toasts.split("<template")[0]


@pytest.mark.parametrize("name", ["400.html", "403.html", "403_csrf.html", "404.html", "500.html"])
def test_error_pages_stand_without_a_request_and_say_what_next(name: str) -> None:
    html = get_template(name).render()
    assert "<h1" in html
    assert 'href="/"' in html


@pytest.mark.django_db
def test_sign_in_states_a_failure_once_and_keeps_the_name(client: Client) -> None:
    html = client.post(reverse("account_login"), {"login": "nobody", "password": "wrong"}).content.decode()
    assert html.count('role="alert"') == 1
    assert 'value="nobody"' in html
    assert "wrong" not in html.split("<form", 1)[1].split("</form>")[0].replace("not wrong", "")


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["account_login", "account_reset_password", "account_reset_password_done"])
def test_account_pages_render_in_our_look(client: Client, name: str) -> None:
    response = client.get(reverse(name))
    assert response.status_code == 200
    assert 'class="auth"' in response.content.decode()


def test_a_row_without_a_running_clock_says_paused() -> None:
    part = '{% include "ui/row.html" with id=1 reference="TKT-1" state="paused" due_at=None %}'
    row = render(part, cells=[{"name": "clock"}])

    assert "paused" in row
