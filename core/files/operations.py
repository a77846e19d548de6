"""Storing an upload and handing it out again."""

from __future__ import annotations

import hashlib
import secrets
import shutil
import unicodedata
from pathlib import Path

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse

from core.common import clock
from core.common.actor import Actor
from core.common.errors import RuleBroken
from core.files.models import StoredFile

MOST_BYTES = 25 * 1024 * 1024
KEEP_FREE_BYTES = 200 * 1024 * 1024
SHOWN_INLINE = {"image/png", "image/jpeg", "image/gif", "image/webp"}


def store(upload: UploadedFile, *, by: Actor) -> StoredFile:
    """Write an upload to disk while counting its bytes. Raises RuleBroken above 25 MB or with a full disk."""
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
                raise RuleBroken(f"{clean_name(upload.name)} is larger than 25 MB.", field="files")
            digest.update(chunk)
            file.write(chunk)
    return StoredFile.objects.create(
        name=clean_name(upload.name),
        content_type=(upload.content_type or "application/octet-stream")[:100],
        size=size,
        sha256=digest.hexdigest(),
        path=place,
        created_at=clock.now(),
        uploaded_by_id=by.user_id,
    )


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
