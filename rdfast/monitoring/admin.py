"""The nightly checks, to look at."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from rdfast.core.admin_read_only import LookOnly
from rdfast.monitoring.models import Check


@admin.register(Check)
class CheckAdmin(LookOnly):
    list_display = ("night_of", "at", "took", "broken")

    @admin.display(description=_("offenders"))
    def broken(self, check: Check) -> int:
        """How many."""
        return len(check.offenders)
