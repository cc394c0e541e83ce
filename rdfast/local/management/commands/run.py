from typing import Any

from django.core.management.base import BaseCommand

from rdfast.local import addresses, reachable, running


class Command(BaseCommand):
    help = "Run the whole stack on this machine: embedded servers, demo data, web, worker and beat."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        running.run(reachable.port_from(addresses.web_port()), self._say)

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
