from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from rdfast.local import servers


class Command(BaseCommand):
    help = "The embedded PostgreSQL and Redis-protocol server without the rest: start, stop, or show them."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=["start", "stop", "show"])

    def handle(self, *args: Any, **options: Any) -> None:
        if options["what"] == "start":
            servers.start_services()
        elif options["what"] == "stop":
            servers.stop_services()
        self.stdout.write(f"Running: {', '.join(servers.running()) or 'none'}.")
