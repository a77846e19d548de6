"""Triggers that make a table refuse UPDATE and DELETE, on PostgreSQL and SQLite alike."""

from __future__ import annotations

from typing import Any

POSTGRES_FUNCTION = """
CREATE OR REPLACE FUNCTION desk_append_only() RETURNS trigger AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END
$$ LANGUAGE plpgsql
"""


def install(connection: Any, table: str) -> None:
    """Make the table append-only. Harmless when it is already."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(POSTGRES_FUNCTION)
            cursor.execute(f"DROP TRIGGER IF EXISTS {table}_append_only ON {table}")
            cursor.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION desk_append_only()"
            )
            return
        for verb in ("update", "delete"):
            cursor.execute(
                f"CREATE TRIGGER IF NOT EXISTS {table}_no_{verb} BEFORE {verb.upper()} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )


def remove(connection: Any, table: str) -> None:
    """Take the protection away: for a purge by command line, and for tests that empty the tables."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"DROP TRIGGER IF EXISTS {table}_append_only ON {table}")
            return
        for verb in ("update", "delete"):
            cursor.execute(f"DROP TRIGGER IF EXISTS {table}_no_{verb}")
