"""The empty SQLite database that every run of the suite starts from, migrated once and copied from then on.

Running all migrations takes longer than most runs of a few tests, and every worker of a run would do it again.
"""

from __future__ import annotations

import getpass
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent
# Migrations, and what they import: a change of any of these makes another database.
MADE_FROM = (
    "*/migrations/*.py",
    "core/*/migrations/*.py",
    "core/search/words.py",
    "core/audit/append_only.py",
)


def lay(target: Path) -> None:
    """Put the empty database at `target`, over what a run before left there."""
    for leftover in target.parent.glob(f"{target.name}-*"):  # the journals of the file that goes
        leftover.unlink()
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(made(), target)


def made() -> Path:
    """The migrated file; made where it is not there yet. Two runs at once make it twice, which harms nobody."""
    folder = Path(tempfile.gettempdir()) / f"desk-tests-{getpass.getuser()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    template = folder / f"{_fingerprint()}.sqlite3"
    if not template.exists():
        _make(template)
    return template


def _make(template: Path) -> None:
    with tempfile.TemporaryDirectory(dir=template.parent) as scratch:
        plain = {
            name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}
        }
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
            cwd=ROOT,
            env=plain | {"DESK_DATA_DIR": scratch},
            check=True,
        )
        (migrated,) = Path(scratch).glob("*.sqlite3")
        migrated.replace(template)


def _fingerprint() -> str:
    found = hashlib.sha256(django.__version__.encode())
    for pattern in MADE_FROM:
        for path in sorted(ROOT.glob(pattern)):
            found.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return found.hexdigest()[:16]
