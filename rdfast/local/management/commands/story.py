from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from kombu.exceptions import OperationalError as BrokerGone

from rdfast.audit.causes import because
from rdfast.core.refusals import RuleBroken
from rdfast.local.demo import story
from rdfast.local.demo.stories import STORIES
from rdfast.local.servers import ensure_running
from rdfast.reports.invariants import broken
from rdfast.timers import clock


class Command(BaseCommand):
    help = "Play a story on the running stack, and check its end and what must always be true."

    def add_arguments(self, parser: CommandParser) -> None:
        titles = "; ".join(f"{name}: {story.title}" for name, story in STORIES.items())
        parser.add_argument("name", nargs="?", default="happy", choices=list(STORIES), help=titles)

    def handle(self, *args: Any, **options: Any) -> None:
        ensure_running()
        try:
            with because("command:story"):
                story.tell(self.stdout.write, options["name"])
        except (RuleBroken, story.EndedOtherwise, story.WorkerSilent, BrokerGone) as refusal:
            raise CommandError(f"The story stopped: {refusal}") from None
        offenders = broken(at=clock.now())
        for offender in offenders:
            self.stdout.write(f"broken: {offender}")
        if offenders:
            raise CommandError(f"{len(offenders)} offenders against the invariants.")
        self.stdout.write("All ten invariants hold.")
