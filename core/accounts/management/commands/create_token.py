"""create_token USERNAME NAME [--scope read|write|admin ...] [--days N]: make an API token and print it once."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.accounts import operations
from core.accounts.authentication import SCOPES
from core.common.actor import Door, system
from core.common.errors import RuleBroken


class Command(BaseCommand):
    help = "Make an API token and print it once; only a digest of it is stored."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("name", help="what the token is for")
        parser.add_argument("--scope", choices=SCOPES, nargs="+", action="extend", help="default: read write")
        parser.add_argument("--days", type=int, default=operations.LIFETIME_DAYS, help="how long it is valid")

    def handle(
        self, *args: Any, username: str, name: str, scope: list[str] | None, days: int, **options: Any
    ) -> None:
        try:
            _, text = operations.create_token(
                username,
                name,
                scopes=scope or ["read", "write"],
                days=days,
                by=system("Command line", Door.CLI),
            )
        except RuleBroken as broken:
            raise CommandError(broken.sentence) from broken
        self.stdout.write(text)
