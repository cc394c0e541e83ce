"""What the installation found when it looked at itself."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from rdfast.core.guards import append_only


class Check(models.Model):
    """One night's look at what must always be true. Without offenders everything held."""

    night_of = models.DateField(_("night of"))
    at = models.DateTimeField(_("checked at"))
    took = models.DurationField(_("took"))
    offenders = models.JSONField(_("offenders"), default=list)

    # It belongs to no proposal's story.
    matter_id = None

    class Meta:
        verbose_name = _("nightly check")
        verbose_name_plural = _("nightly checks")
        ordering = ("-night_of",)
        constraints = (models.UniqueConstraint(name="one_check_a_night", fields=["night_of"]),)
        triggers = append_only("nightly checks")

    def __str__(self) -> str:
        return f"{self.night_of:%Y-%m-%d}"
