from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from rdfast.local.demo import making
from rdfast.local.demo.cast import PASSWORD
from rdfast.monitoring import logs


class Command(BaseCommand):
    help = "Fill an empty demo installation with a programme in full swing, and print its accounts."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("This is not a demo installation: set RDFAST_DEMO=1 on an empty database.")
        if not making.is_made():
            self.stdout.write("Making the demonstration.")
            with logs.quiet():
                making.make()
        self.stdout.write(f"Sign in with the password {PASSWORD}:")
        for email, who in making.accounts():
            self.stdout.write(f"  {email:28} {who}")
