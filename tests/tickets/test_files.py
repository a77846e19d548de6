"""Files on tickets: what is taken, how it is served; and texts: preview and folded history."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from core.files import operations as files
from core.files.models import StoredFile
from tickets import operations, quoting
from tickets.models import Entry
from worklog.models import Attachment

pytestmark = pytest.mark.django_db
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20


@pytest.fixture
def browser(client, ana):
    client.force_login(ana)
    return client


def note(browser, ticket, *uploads, text="See the files"):
    return browser.post(
        f"/tickets/{ticket.reference}/reply/", {"kind": "note", "text": text, "files": uploads}
    )


def test_several_files_come_along_and_are_served_as_what_they_are(browser, ticket):
    shot = SimpleUploadedFile("shot.png", PNG, "image/png")
    page = SimpleUploadedFile("../../page.html", b"<script>alert(1)</script>", "text/html")
    assert note(browser, ticket, shot, page).status_code == 302
    first, second = (browser.get(f"/files/{row.pk}/") for row in Attachment.objects.order_by("id"))
    for answer in (first, second):
        answer.close()
    assert first["Content-Type"] == "image/png"
    assert second["Content-Type"] == "application/octet-stream"
    assert second["Content-Disposition"] == 'attachment; filename="page.html"'
    assert second["X-Content-Type-Options"] == "nosniff"


def test_a_picture_is_one_by_its_bytes_not_by_its_name(browser, ticket):
    note(browser, ticket, SimpleUploadedFile("shot.png", b"<svg onload=alert(1)>", "image/png"))
    assert StoredFile.objects.get().content_type == "application/octet-stream"


@pytest.mark.parametrize(
    ("name", "content"),
    [("invoice.pdf", b"MZ\x90\x00"), ("tool", b"\x7fELF\x02"), ("run.BAT", b"del *"), ("x.js", b"alert(1)")],
)
def test_what_runs_on_a_double_click_is_refused_and_the_text_kept(browser, ticket, name, content):
    fine = SimpleUploadedFile("fine.txt", b"fine", "text/plain")
    page = note(browser, ticket, fine, SimpleUploadedFile(name, content), text="Typed with care")
    shown = page.content.decode()
    assert page.status_code == 400
    assert f"{name} " in shown
    assert "so it is not taken" in shown
    assert "Typed with care</textarea>" in shown
    assert (Entry.objects.count(), StoredFile.objects.count()) == (0, 0)


def test_a_file_above_the_limit_says_so_and_leaves_nothing(browser, ticket, monkeypatch, settings, tmp_path):
    settings.FILES_DIR = tmp_path
    monkeypatch.setattr(files, "MOST_BYTES", 1024 * 1024)
    page = note(browser, ticket, SimpleUploadedFile("a.log", b"x"), SimpleUploadedFile("b.log", b"x" * 2**21))
    assert "b.log has 2 MB; a file may have at most 25 MB." in page.content.decode()
    assert StoredFile.objects.count() == 0
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_more_than_twenty_files_are_too_many(browser, ticket):
    many = [SimpleUploadedFile(f"{n}.txt", b"x") for n in range(21)]
    assert "at most 20" in note(browser, ticket, *many).content.decode()


def test_a_file_of_a_note_is_no_customers(client, browser, ticket, casey):
    note(browser, ticket, SimpleUploadedFile("log.txt", b"x"))
    client.force_login(casey)
    assert client.get(f"/files/{Attachment.objects.get().pk}/").status_code == 404


def test_the_preview_is_made_by_what_makes_the_message(browser, ticket, by, ana):
    text = "**Bold** <b>raw</b>\n\n> one\n> two\n> three"
    place = f"/tickets/{ticket.reference}/"
    preview = browser.post(f"{place}markdown/", {"text": text}).content.decode()
    assert "<strong>Bold</strong> &lt;b&gt;raw" in preview
    operations.reply(ticket.reference, body=text, public=True, by=by(ana))
    body = preview[preview.index("<p>") : preview.rindex("</details>")]
    assert body in browser.get(place).content.decode()
    page = browser.post(f"{place}reply/", {"kind": "note", "text": text, "preview": "1"}).content.decode()
    assert body in page  # without script
    assert Entry.objects.count() == 1


MAIL = (
    "It works now.\n\nOn Mon, 23 Nov 2026 at 10:00, Ana Alves <desk@firm.example>\nwrote:\n"
    "> Please restart it.\n>\n> Ana\n"
)


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        (MAIL, MAIL[MAIL.index("On Mon") :]),
        ("Yes.\n> one\n> two\n> three\nNo.\n", "> one\n> two\n> three\n"),
        ("> Which till?\nTill 7.\n> When?\nToday.", ""),
        ("Done.\n> Which till?\n", "> Which till?\n"),
        ("On it.\nOn Monday he wrote: nothing", ""),
        ("Hi\n-----Original Message-----\nFrom: Ana\nText", "-----Original Message-----\nFrom: Ana\nText"),
        ("On Mon, Ana wrote:\n> Old\n> old\n\nNew below", "On Mon, Ana wrote:\n> Old\n> old\n"),
        ("", ""),
    ],
)
def test_history_is_folded_and_nothing_is_lost(text, quoted):
    parts = quoting.parts(text)
    assert "".join(part.text for part in parts) == text
    assert "".join(part.text for part in parts if part.quoted).strip() == quoted.strip()
