"""Local mail: one whole .eml file for each message."""

from email import message_from_bytes
from pathlib import Path

from django.core.mail import EmailMultiAlternatives, get_connection

from servicedesk.mail import FolderBackend


def test_each_message_becomes_one_file_that_mail_programs_read(tmp_path: Path, settings: object) -> None:
    settings.EMAIL_FILE_PATH = tmp_path / "outbox"  # type: ignore[attr-defined]
    backend = get_connection("servicedesk.mail.FolderBackend", timeout=10)
    assert isinstance(backend, FolderBackend)
    mail = EmailMultiAlternatives("Größe: done", "Zażółć\n.\n", "desk@desk.example", ["casey@desk.example"])
    mail.attach_alternative("<p>Zażółć</p>", "text/html")

    assert backend.send_messages([mail, mail]) == 2

    files = sorted((tmp_path / "outbox").iterdir())
    assert [file.suffix for file in files] == [".eml", ".eml"]
    raw = files[0].read_bytes()
    assert b"\r\n" in raw
    assert b"\n" not in raw.replace(b"\r\n", b"")
    stored = message_from_bytes(raw)
    assert stored["To"] == "casey@desk.example"
    assert stored.get_payload()[0].get_payload(decode=True).decode().startswith("Zażółć")
