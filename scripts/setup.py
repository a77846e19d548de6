#!/usr/bin/env python3
"""Make the environment when the locks have changed, then run what was asked for.

Needs Python 3.11 and nothing else. ``make`` only calls this; without make: ``python3 scripts/setup.py run``.
What follows the word goes on to it: ``python3 scripts/setup.py test tests/sla -x``.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
LOCKS = ("requirements", "requirements-dev", "requirements-browser")
LOCK_OPTIONS = (
    "--quiet",
    "--universal",
    "--python-version",
    "3.11",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--custom-compile-command",
    "make lock",
)
POSTGRES = "postgres://postgres@127.0.0.1:5432/desk"
REDIS = "redis://127.0.0.1:6379/9"
IN_TWO = ("-m", "pytest", "-n", "2", "--dist", "worksteal")


def main(arguments: list[str]) -> int:
    """Run one of COMMANDS and give back its exit code."""
    word, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if word not in COMMANDS:
        return fail(f"Usage: python3 scripts/setup.py {'|'.join(COMMANDS)} [arguments]")
    if sys.version_info < (3, 11):  # noqa: UP036 - this file is read by whatever python3 is there
        return with_newer_python()
    os.chdir(ROOT)
    os.environ["PYTHONUNBUFFERED"] = "1"
    return COMMANDS[word](rest)


def fail(sentence: str) -> int:
    """Say what is wrong in one line; the exit code for it."""
    print(sentence, file=sys.stderr)
    return 2


def with_newer_python() -> int:
    """Start again under a Python that is new enough, if the machine has one beside its ``python3``."""
    for name in ("python3.14", "python3.13", "python3.12", "python3.11"):
        if newer := shutil.which(name):
            return subprocess.run([newer, *sys.argv], check=False).returncode
    found = ".".join(map(str, sys.version_info[:3]))
    return fail(f"The desk needs Python 3.11 or newer; python3 here is {found}, and no newer one was found.")


def run(rest: list[str]) -> int:
    """The desk in one process."""
    prepare(["requirements.lock"])
    if os.name == "nt":
        return call(PYTHON, "manage.py", "desk", *rest)
    # Replaces this process: Ctrl-C and SIGTERM then reach the desk itself.
    os.execv(PYTHON, [str(PYTHON), "manage.py", "desk", *rest])  # noqa: S606


def test(rest: list[str]) -> int:
    """The suite on the embedded default: SQLite, no Redis."""
    prepare_tests()
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    return call(PYTHON, *IN_TWO, "--durations", "10", *rest)


def test_services(rest: list[str]) -> int:
    """What must be shown on PostgreSQL and Redis."""
    prepare_tests()
    os.environ.setdefault("DATABASE_URL", POSTGRES)
    os.environ.setdefault("REDIS_URL", REDIS)
    for name, port in (("DATABASE_URL", 5432), ("REDIS_URL", 6379)):
        if not reachable(os.environ[name], port):
            return fail(f"Nothing answers at {name}; start it, or set {name} to where it runs.")
    os.environ["PYTEST_PLUGINS"] = "tests.own_redis"
    return call(PYTHON, *IN_TWO, "-m", "services or everywhere", *rest)


def lint(rest: list[str]) -> int:
    """Ruff, types, import order and missing migrations; runs all and fails if one does."""
    prepare_tests()
    checks = (
        (BIN / "ruff", "check", "."),
        (BIN / "ruff", "format", "--check", "."),
        (BIN / "mypy", "."),
        (BIN / "lint-imports", "--no-cache"),
        (PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"),
    )
    return max([call(*check) for check in checks])


def lock(rest: list[str]) -> int:
    """Resolve the locks anew, with hashes and without the address of any index."""
    with tempfile.TemporaryDirectory() as folder:
        uv = shutil.which("uv")
        if not uv:
            call(sys.executable, "-m", "venv", folder, check=True)
            call(Path(folder) / "bin" / "pip", "install", "--quiet", "uv", check=True)
            uv = str(Path(folder) / "bin" / "uv")
        for name in LOCKS:
            files = (*rest, f"{name}.in", "-o", f"{name}.lock")
            call(uv, "pip", "compile", *LOCK_OPTIONS, *files, check=True)
    return 0


def bench(rest: list[str]) -> int:
    """The benchmark."""
    prepare(["requirements.lock"])
    return call(PYTHON, "manage.py", "bench", *rest)


def drill(rest: list[str]) -> int:
    """The long fault drills: processes killed in the middle of work."""
    prepare_tests()
    return call(PYTHON, "-m", "pytest", "-m", "drill", "--timeout", "0", *rest)


COMMANDS = {
    "run": run,
    "test": test,
    "test-services": test_services,
    "lint": lint,
    "lock": lock,
    "bench": bench,
    "drill": drill,
}


def prepare_tests() -> None:
    """The environment for tests; the browser's tools only where there is a browser."""
    with_browser = any(shutil.which(name) for name in CHROMIUM)
    prepare(["requirements-dev.lock", *(["requirements-browser.lock"] if with_browser else [])])


def prepare(locks: list[str]) -> None:
    """Make .venv hold the locks; a stamp in it says for which contents that is done already."""
    stamps = {name: fingerprint(name) for name in locks}
    if all(stamped(name) == stamp for name, stamp in stamps.items()):
        return
    if locks == ["requirements.lock"] and stamped("requirements-dev.lock") == fingerprint(
        "requirements-dev.lock"
    ):
        return  # The tests' environment holds all that runs.
    make_venv()
    print(f"Installing {' and '.join(locks)} ...")
    clear_stamps()
    install(locks)
    for name, stamp in stamps.items():
        (VENV / f"{name}.stamp").write_text(stamp, encoding="ascii")


def make_venv() -> None:
    """The virtual environment, unless there is one that works."""
    if PYTHON.exists() and subprocess.run([PYTHON, "-c", ""], check=False).returncode == 0:
        return
    print("Making .venv ...")
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", VENV], capture_output=True, text=True, check=False
    )
    if made.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        if "ensurepip" in made.stdout + made.stderr:
            sys.exit(
                "Python's venv module is not complete; on Debian and Ubuntu: apt-get install python3-venv."
            )
        sys.exit(f"python3 -m venv failed: {(made.stderr or made.stdout).strip()}")


def install(locks: list[str]) -> None:
    """Exactly the locked versions, each checked against its hash."""
    files = [argument for name in locks for argument in ("-r", name)]
    if uv := shutil.which("uv"):
        command = [uv, "pip", "sync", "--quiet", "--python", str(PYTHON), "--require-hashes", *locks]
    else:
        pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        command = [*pip, "--require-hashes", "--no-deps", *files]
    if subprocess.run(command, check=False).returncode:
        sys.exit("The dependencies could not be installed; what failed stands above.")


def fingerprint(lock_name: str) -> str:
    """What the environment depends on: the lock's contents and the Python that runs."""
    digest = hashlib.sha256((ROOT / lock_name).read_bytes()).hexdigest()
    return f"{digest} {sys.version_info[0]}.{sys.version_info[1]}"


def stamped(lock_name: str) -> str:
    """The fingerprint that was installed last, or an empty string."""
    stamp = VENV / f"{lock_name}.stamp"
    return stamp.read_text(encoding="ascii") if stamp.exists() and PYTHON.exists() else ""


def clear_stamps() -> None:
    for stamp in VENV.glob("*.stamp"):
        stamp.unlink()


def reachable(url: str, default_port: int) -> bool:
    """Whether something listens where the address points."""
    parts = urlsplit(url)
    if not parts.hostname:
        return True  # A socket file; the client library will say.
    try:
        with socket.create_connection((parts.hostname, parts.port or default_port), timeout=3):
            return True
    except OSError:
        return False


def call(*command: object, check: bool = False) -> int:
    """Run a command in the project's folder; Ctrl-C is for the command, not for us."""
    try:
        return subprocess.run([str(part) for part in command], cwd=ROOT, check=check).returncode
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
