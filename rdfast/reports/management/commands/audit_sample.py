from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from rdfast.settlement.auditing import verified
from rdfast.settlement.models import AuditSample


class Command(BaseCommand):
    help = "Print a year's audit sample of a programme and draw it again from its seed; reads only."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("programme", help="the programme's code")
        parser.add_argument("year", type=int)

    def handle(self, *args: Any, **options: Any) -> None:
        code, year = options["programme"], options["year"]
        sample = AuditSample.objects.filter(programme__code=code, year=year).first()
        if sample is None:
            raise CommandError(f"no sample of {code} was drawn for {year}")
        self.stdout.write(f"seed  {sample.seed}")
        self.stdout.write(f"frame {len(sample.frame)}: {' '.join(map(str, sample.frame))}")
        self.stdout.write(f"drawn {len(sample.drawn)}: {' '.join(map(str, sample.drawn))}")
        found = verified(sample)
        if found:
            raise CommandError("; ".join(found))
        self.stdout.write("holds the seed draws these claims from all that were decided in the year")
