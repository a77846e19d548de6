"""Run the whole desk in one process: database, demo data, web, worker and beat."""

import errno
import signal
from types import FrameType
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from waitress.server import create_server

from servicedesk import embedded
from servicedesk.wsgi import application

DEMO_LOGINS = (
    ("ana", "L1 analyst"),
    ("eli", "L2 engineer"),
    ("lea", "L3 engineer"),
    ("ira", "incident commander"),
    ("cho", "change manager"),
    ("pia", "problem manager"),
    ("max", "manager"),
    ("kim", "account manager"),
    ("root", "admin"),
    ("casey", "customer contact"),
    ("drew", "customer contact of another organisation"),
)


class Command(BaseCommand):
    help = (
        "Run the whole desk in one process: database, demo data, web, Celery worker and beat. Ctrl-C stops."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        server = self._listen()  # first, so that a taken port costs no waiting
        call_command("migrate", interactive=False, verbosity=0)
        self._seed()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _stop)
        with embedded.worker(), embedded.beat():
            self._greet()
            server.run()
        server.close()
        self.stdout.write("Stopped.")

    def _listen(self) -> Any:
        host, port = settings.DESK.host, settings.DESK.port
        try:
            return create_server(
                application,
                host=host,
                port=port,
                threads=16,
                ident=None,
                max_request_body_size=60 * 1024 * 1024,
                clear_untrusted_proxy_headers=not settings.DESK.proxies,
            )
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise CommandError(
                    f"Port {port} on {host} is taken; choose another with DESK_PORT."
                ) from error
            raise CommandError(f"Cannot listen on {host}:{port}: {error.strerror}.") from error

    def _seed(self) -> None:
        if settings.DESK.demo and not get_user_model().objects.exists():
            self.stdout.write("First start: making the demo data.")
            call_command("seed_demo", verbosity=0)

    def _greet(self) -> None:
        self.stdout.write(f"\nThe service desk is at {settings.BASE_URL}")
        if settings.DESK.demo:
            self.stdout.write("Demo logins, password demo:")
            for name, role in DEMO_LOGINS:
                self.stdout.write(f"  {name:<6} {role}")
        self.stdout.write("Ctrl-C stops it.\n")
        self.stdout.flush()


def _stop(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)  # waitress ends its loop on this and lets running requests finish
