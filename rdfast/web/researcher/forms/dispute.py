"""What the applicant side writes in a dispute."""

from django.utils.translation import gettext_lazy as _

from rdfast.core.texts import TextField
from rdfast.web.forms import ConfirmForm


class ReplyForm(ConfirmForm):
    """The reply to a notice."""

    field_order = ("reply",)
    reply = TextField(label=_("Your reply"), lines=10, help_text=_("The committee reads it before it votes."))


class AppealForm(ConfirmForm):
    """An appeal against one decision."""

    field_order = ("text",)
    text = TextField(
        label=_("What is wrong with the decision?"), lines=10, help_text=_("Whoever decides on it reads it.")
    )
