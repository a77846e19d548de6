"""Only operations write: nowhere else in a room is a model saved, updated or deleted."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

WRITES = {
    "save", "create", "bulk_create", "get_or_create", "update_or_create", "update", "bulk_update", "delete",
    "asave", "acreate", "aupdate", "adelete", "execute",
}  # fmt: skip
# The rooms' own writers; follow_up.py holds the operations of follow-up actions.
OPERATIONS = ("operations", "operations.py", "follow_up.py")
ELSEWHERE = {
    "core/": "the machinery writes its own tables: trail, timers, outbox, search, files, keys",
    "servicedesk/demo/": "master data of the demo; its story goes through the operations",
    "tickets/importing/": "history of another desk, written as it was: no clock, no notice, no verb of ours",
    "sla/ledger.py": "the append-only ledger, called by sla.operations inside its transaction",
    "sla/models/": "save() refuses a policy or calendar that contradicts itself; close() ends a ledger row",
    "servicedesk/load/": "the made-up history of the benchmark, a million rows in bulk",
    "tickets/asked.py": "the fields of a form, no model",
    "servicedesk/health.py": "asks the database whether it lives",
    "incidents/shapes.py": "a dict, no model",
    "tickets/service_levels.py": "the nearest clock's copy on the ticket, in the transaction that moves the clock",
    "problems/reminders.py": "the sweep's act: moves the due column that the sweep claimed",
}


def test_models_are_written_by_operations_alone() -> None:
    wrong = [
        f"{path}:{line}: {call}"
        for path, line, call in writes()
        if not any(part in path for part in ELSEWHERE) and not set(Path(path).parts) & set(OPERATIONS)
    ]
    assert not wrong, "\n".join(wrong)


def test_every_exception_is_still_needed() -> None:
    used = {part for path, _, _ in writes() for part in ELSEWHERE if part in path}
    assert used == set(ELSEWHERE)


def writes() -> Iterator[tuple[str, int, str]]:
    """(file, line, call) of everything in the rooms that looks like writing a model."""
    root = Path(settings.BASE_DIR)
    for room in {name.partition(".")[0] for name in settings.ROOMS}:
        for path in sorted((root / room).rglob("*.py")):
            if "migrations" in path.parts:
                continue
            tree = ast.parse(path.read_text())
            operations = set(_operation_modules(tree))
            for node in ast.walk(tree):
                if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                    continue
                if node.func.attr in WRITES and not _is_an_operation(node.func.value, operations):
                    yield str(path.relative_to(root)), node.lineno, ast.unparse(node.func)


def _operation_modules(tree: ast.Module) -> Iterator[str]:
    """Names under which a file imports operations: calling their `create` is what everybody must do."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            for name in node.names:
                if "operations" in f"{node.module}.{name.name}".split("."):
                    yield name.asname or name.name


def _is_an_operation(receiver: ast.expr, operations: set[str]) -> bool:
    return isinstance(receiver, ast.Name) and receiver.id in operations
