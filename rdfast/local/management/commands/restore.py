from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from rdfast.local.backups.restoring import restore


class Command(BaseCommand):
    help = "Fill an empty database and an empty files folder from a backup, and check that all is there."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        saved = restore(options["folder"].absolute())
        rows = sum(saved.contents.rows.values())
        self.stdout.write(
            f"Restored {rows} rows and {len(saved.files) - 1} files as they were at {saved.taken_at:%Y-%m-%d %H:%M %Z}. "
            "All ten invariants hold."
        )
