from typing import Any

from django.core.management.base import BaseCommand

from rdfast.local import catalogue


class Command(BaseCommand):
    help = "Collect what is to be translated into locale/ko, and list what still has no Korean words."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        missing = catalogue.update()
        for message in missing:
            self.stdout.write(message)
        self.stdout.write(f"{len(missing)} messages to translate.")
