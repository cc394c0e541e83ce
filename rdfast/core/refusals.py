"""Refusals: rules said out loud to the person who met them."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class RuleBroken(Exception):
    """A rule refused what was asked; nothing was changed. The message tells the person what to do.

    `field` names the form field that the message belongs beside, if there is one. Anything raised that
    is not a RuleBroken is a bug and reaches the log.
    """

    def __init__(self, message: str | Promise, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field

    def __str__(self) -> str:
        return str(self.args[0])


class NotAllowed(RuleBroken):
    """The person may not do this to this object (any more)."""


class OutOfDate(RuleBroken):
    """The object changed after the person's page was loaded."""

    def __init__(self) -> None:
        super().__init__(
            _("This was changed in another window or by another person. Reload the page and look again.")
        )


class ManyRulesBroken(RuleBroken):
    """Several rules refused at once; `refusals` holds each of them."""

    def __init__(self, refusals: list[RuleBroken]) -> None:
        super().__init__(" ".join(str(refusal) for refusal in refusals))
        self.refusals = refusals


def ensure(allowed: bool, message: str | Promise) -> None:  # noqa: FBT001 - it reads as a sentence
    """Raise NotAllowed with the message unless `allowed`."""
    if not allowed:
        raise NotAllowed(message)
