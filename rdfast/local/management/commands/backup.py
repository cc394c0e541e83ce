from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from rdfast.local.backups.taking import take
from rdfast.timers import clock


class Command(BaseCommand):
    help = "Save the database and the uploaded files into a new folder; safe while the installation runs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        folder = options["folder"].absolute()
        saved = take(folder, at=clock.now())
        for path in saved.lost:
            self.stderr.write(f"lost: the database knows the file {path}, which is missing or damaged")
        rows = sum(saved.contents.rows.values())
        self.stdout.write(f"Saved {rows} rows and {len(saved.files) - 1} files into {folder}.")
