"""Storing an upload and handing it out again."""

from __future__ import annotations

import hashlib
import secrets
import shutil
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse

from core.common import clock
from core.common.actor import Actor
from core.common.errors import RuleBroken
from core.files import sniffing
from core.files.models import StoredFile

MOST_BYTES = 25 * 1024 * 1024
MOST_FILES = 20
KEEP_FREE_BYTES = 200 * 1024 * 1024
SHOWN_INLINE = {"image/png", "image/jpeg", "image/gif", "image/webp"}


def check(uploads: Sequence[UploadedFile]) -> None:
    """Refuse files that are too many, too large or dangerous, before the first of them is written.

    Raises RuleBroken with a sentence that names the file and what to do instead.
    """
    if len(uploads) > MOST_FILES:
        raise RuleBroken(f"These are {len(uploads)} files; send at most {MOST_FILES} at once.", field="files")
    for upload in uploads:
        name = clean_name(upload.name)
        if (upload.size or 0) > MOST_BYTES:
            raise RuleBroken(_too_large(name, upload.size), field="files")
        why = sniffing.danger(name, _head(upload))
        if why is not None:
            raise RuleBroken(
                f"{name} {why}, so it is not taken. Put it into a ZIP file if somebody really needs it.",
                field="files",
            )


def store(upload: UploadedFile, *, by: Actor) -> StoredFile:
    """Write an upload to disk while counting its bytes. Raises RuleBroken above 25 MB or with a full disk."""
    check([upload])
    root = Path(settings.FILES_DIR)
    root.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(root).free < KEEP_FREE_BYTES:
        raise RuleBroken(
            "There is no room for files at the moment. The text was not saved either; try again later."
        )
    place = f"{secrets.token_hex(2)}/{secrets.token_hex(16)}"
    target = root / place
    target.parent.mkdir(exist_ok=True)
    size, digest = 0, hashlib.sha256()
    with target.open("wb") as file:
        for chunk in upload.chunks():
            size += len(chunk)
            if size > MOST_BYTES:
                target.unlink()
                raise RuleBroken(_too_large(clean_name(upload.name), size), field="files")
            digest.update(chunk)
            file.write(chunk)
    return StoredFile.objects.create(
        name=clean_name(upload.name),
        content_type=sniffing.content_type(_head(upload), upload.content_type or ""),
        size=size,
        sha256=digest.hexdigest(),
        path=place,
        created_at=clock.now(),
        uploaded_by_id=by.user_id,
    )


def _head(upload: UploadedFile) -> bytes:
    """The first bytes, with the file back at its start."""
    upload.seek(0)
    head = upload.read(sniffing.HEAD_BYTES)
    upload.seek(0)
    return bytes(head)


def _too_large(name: str, size: int | None) -> str:
    megabytes = -(-(size or 0) // (1024 * 1024))
    return f"{name} has {megabytes} MB; a file may have at most 25 MB. Send a link to it instead."


def clean_name(name: str | None) -> str:
    """A file name without paths, control or format characters, at most 200 characters."""
    text = unicodedata.normalize("NFKC", name or "").replace("\\", "/").rsplit("/", 1)[-1]
    text = "".join(c for c in text if unicodedata.category(c) not in {"Cc", "Cf", "Cs"}).strip(". ")
    return text[:200] or "unnamed"


def answer(file: StoredFile) -> FileResponse:
    """The file as a download. The caller has checked who may see it."""
    inline = file.content_type in SHOWN_INLINE
    response = FileResponse(
        (Path(settings.FILES_DIR) / file.path).open("rb"),
        as_attachment=not inline,
        filename=file.name,
        content_type=file.content_type if inline else "application/octet-stream",
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
