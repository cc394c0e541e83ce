"""What can go wrong with the servers and processes of one machine."""

from django.core.management import CommandError


class CannotRun(CommandError):
    """One sentence that says what is wrong and what to do. Commands print it, without a traceback."""
