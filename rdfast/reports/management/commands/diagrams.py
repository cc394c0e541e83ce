from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from rdfast.reports import diagrams


class Command(BaseCommand):
    help = "Draw the state machines into docs/states.md."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        (settings.BASE_DIR / "docs" / "states.md").write_text(diagrams.page())
