import re
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from rdfast.audit.causes import because
from rdfast.core.refusals import RuleBroken
from rdfast.flow import time_travel
from rdfast.local.servers import ensure_running
from rdfast.monitoring import logs

_UNITS = {"h": "hours", "d": "days", "w": "weeks"}


class Command(BaseCommand):
    help = "Move a demo installation's clock: 12h, 30d, 2w, or next (to the next deadline)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("step")

    def handle(self, *args: Any, **options: Any) -> None:
        ensure_running()
        step = options["step"]
        span = re.fullmatch(r"(\d{1,4})([hdw])", step)
        if not span and step != "next":
            raise CommandError(f"{step} is no step: write 12h, 30d, 2w or next.")
        try:
            with because("command:forward"), logs.quiet():
                now = (
                    time_travel.forward_by(timedelta(**{_UNITS[span[2]]: int(span[1])}))
                    if span
                    else time_travel.forward_to_next_deadline()
                )
        except RuleBroken as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(f"The clock now shows {timezone.localtime(now):%Y-%m-%d %H:%M}.")
