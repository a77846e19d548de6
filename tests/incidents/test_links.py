"""Bridge and chat: only addresses that are safe to press stand on the page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.audit.models import Event
from core.common.errors import RuleBroken, Stale
from incidents import links, operations
from incidents.models import Incident


@pytest.mark.parametrize(
    "url",
    ["https://meet.example/x?pwd=1", "http://10.0.0.1/x", "tel:+44201234", "sip:room@firm.example",
     "msteams:/l/meetup-join/1", "zoommtg://zoom.us/join?confno=1", "slack://channel?team=T&id=C", ""],
)  # fmt: skip
def test_what_one_may_press(url):
    assert links.check(url, "bridge_url") == url


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//evil.example",
     "https://", "meet.example", "https://good.example@evil.example/", "https://a b.example", "tel:",
     "https://a.example/\njavascript:alert(1)", "vbscript:x", "https://" + "x" * 500],
)  # fmt: skip
def test_what_one_may_not(url):
    with pytest.raises(RuleBroken, match="for example https://"):
        links.check(url, "bridge_url")


@given(st.text())
def test_whatever_is_typed_is_a_known_scheme_or_refused(text):
    if links.is_safe(text):
        assert text.split(":")[0].lower() in links.SCHEMES


@pytest.mark.django_db
def test_links_are_changed_in_place_with_a_trail(client, declared, ira):
    client.force_login(ira)
    url = f"/incidents/{declared.reference}/"
    sent = {"bridge_url": "tel:+44201234", "chat_url": "", "version": declared.version}

    page = client.post(f"{url}links/", sent, follow=True).content.decode()

    assert 'href="tel:+44201234"' in page
    assert Event.objects.get(name="incident.edited").after == {"bridge_url": "tel:+44201234"}
    bad = client.post(
        f"{url}links/", {**sent, "bridge_url": "javascript:alert(1)", "version": declared.version + 1}
    )
    text = bad.content.decode()
    assert bad.status_code == 400 and 'value="javascript:alert(1)"' in text and 'href="javascript' not in text


@pytest.mark.django_db
def test_somebody_elses_link_is_not_overwritten_unseen(declared, ira, by):
    operations.edit(declared.reference, changes={"chat_url": "slack://a"}, by=by(ira))

    with pytest.raises(Stale):
        operations.edit(
            declared.reference, changes={"chat_url": "slack://b"}, version=declared.version, by=by(ira)
        )


@pytest.mark.django_db
def test_an_old_row_with_an_unsafe_address_is_no_link(client, declared, ira):
    Incident.objects.update(bridge_url="javascript:alert(1)")
    client.force_login(ira)

    for path in (f"/incidents/{declared.reference}/", "/tickets/"):
        assert 'href="javascript' not in client.get(path).content.decode()
