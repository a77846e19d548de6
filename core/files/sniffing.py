"""What a file is, judged by its first bytes: neither its name nor what the sender says it is counts.

Evidence is what support lives on, so logs, dumps, archives, scripts as text and office files are all taken.
Refused is what runs on a double click: nobody needs that on a ticket, and everybody would open it.
"""

from __future__ import annotations

HEAD_BYTES = 512
PLAIN = "application/octet-stream"

SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
)
PROGRAMS: tuple[tuple[bytes, str], ...] = (
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a Linux program"),
    (b"\xfe\xed\xfa\xce", "a macOS program"),
    (b"\xfe\xed\xfa\xcf", "a macOS program"),
    (b"\xce\xfa\xed\xfe", "a macOS program"),
    (b"\xcf\xfa\xed\xfe", "a macOS program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"L\x00\x00\x00\x01\x14\x02\x00", "a Windows shortcut"),
)
# By name as well, as these are text or archives by their bytes and run all the same.
REFUSED_ENDINGS = frozenset({
    "exe", "com", "scr", "pif", "cpl", "msi", "msp", "dll", "sys", "bat", "cmd", "ps1", "psm1", "vbs", "vbe", "js",
    "jse", "wsf", "wsh", "hta", "lnk", "url", "reg", "jar", "apk", "app", "dmg", "pkg", "deb", "rpm", "scf", "inf",
    "gadget", "msc", "chm", "appref-ms",
})  # fmt: skip


def content_type(head: bytes, said: str) -> str:
    """The type of a file by its first bytes. A picture is one only when its bytes say so.

    `said` is believed for plain text alone, which has no signature.
    """
    for signature, kind in SIGNATURES:
        if head.startswith(signature):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if said.startswith("text/") and b"\x00" not in head:
        return "text/plain"
    return PLAIN


def danger(name: str, head: bytes) -> str | None:
    """Why a file is not taken, as the end of a sentence, or None."""
    for signature, what in PROGRAMS:
        if head.startswith(signature):
            return f"is {what}"
    ending = name.rpartition(".")[2].lower()
    return f"ends in .{ending}, which runs when it is opened" if ending in REFUSED_ENDINGS else None
