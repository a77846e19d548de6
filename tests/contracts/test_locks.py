"""The locks hold hashes and no address, and say the same as pyproject.toml."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = sorted(ROOT.glob("requirements*.lock"))


def wanted(name: str) -> set[str]:
    lines = (line.strip() for line in (ROOT / name).read_text().splitlines())
    return {line for line in lines if line and not line.startswith(("#", "-"))}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_no_lock_names_an_address(lock: Path) -> None:
    assert not re.findall(r"://|--index-url|--extra-index-url|--find-links|--trusted-host", lock.read_text())


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_locked_package_has_a_version_and_a_hash(lock: Path) -> None:
    entries = re.split(r"\n(?=[A-Za-z0-9])", re.sub(r"(?m)^\s*#.*\n", "", lock.read_text()).strip())
    assert entries
    assert [entry for entry in entries if "==" not in entry or "--hash=sha256:" not in entry] == []


def test_pyproject_lists_what_requirements_in_lists_each_with_a_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    listed = tomllib.loads(text)["project"]["dependencies"]
    assert set(listed) == wanted("requirements.in")
    block = text.split("dependencies = [", 1)[1].split("\n]", 1)[0].strip().splitlines()
    assert [line for line in block if not re.search(r'",\s+# \w', line)] == []


def test_only_our_kinds_of_lock_are_kept() -> None:
    """Locks of other tools record the address of an index."""
    names = ("uv.lock", "pylock.toml", "poetry.lock", "Pipfile.lock", "package-lock.json")
    assert [name for name in names if (ROOT / name).exists()] == []
