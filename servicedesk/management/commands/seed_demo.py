from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from core.accounts.models import User
from core.common import clock
from servicedesk.demo import story


class Command(BaseCommand):
    help = "Make the demo data: people, customers, tickets with running clocks, a live incident, changes."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.DESK_ENV == "production":
            raise CommandError("Demo data and its logins are refused in production.")
        if User.objects.exists():
            raise CommandError("This desk has people already; demo data goes into an empty one only.")
        story.tell(clock.now().replace(second=0, microsecond=0))
        self.stdout.write("The demo data is made.")
