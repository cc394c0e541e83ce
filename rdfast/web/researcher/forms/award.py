"""Signing, refusing and reporting."""

from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.core.validators import RegexValidator
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from rdfast.core.texts import TextField
from rdfast.core.uploads import FilesField
from rdfast.funding.operations import PaymentAccount
from rdfast.web.forms import ConfirmForm


class AccountForm(ConfirmForm):
    """Where the money goes, and signing in again."""

    bank = TextField(label=_("Bank"), max_length=60)
    account_number = TextField(
        label=_("Account number"),
        max_length=40,
        validators=[
            RegexValidator(
                r"^\d[\d -]{4,38}\d$",
                _("Write at least six digits; only spaces and hyphens may stand between them."),
            )
        ],
    )
    account_holder = TextField(label=_("Account holder"), max_length=100)
    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text=_("You sign in again, so that nobody else signs at your desk."),
    )

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def clean_password(self) -> str:
        """Counted like any other attempt to sign in: too many wrong ones lock the account for a while."""
        password: str = self.cleaned_data["password"]
        who = self.request.user
        if authenticate(self.request, username=who.get_username(), password=password) != who:
            raise forms.ValidationError(_("This is not your password. Nothing was signed."), code="wrong")
        return password

    @property
    def account(self) -> PaymentAccount:
        """The payment account as typed."""
        typed = self.cleaned_data
        return PaymentAccount(
            bank=typed["bank"], account_number=typed["account_number"], account_holder=typed["account_holder"]
        )


class SignForm(AccountForm):
    """The account, and the hash of the text that was read."""

    sha256 = forms.CharField(widget=forms.HiddenInput, max_length=64)


class ContestForm(ConfirmForm):
    """What is wrong with a recovery."""

    objection = TextField(label=_("What is wrong with it, and why"), lines=8, max_length=8000)


class RefuseForm(ConfirmForm):
    """Why the award is not wanted."""

    reason = TextField(label=_("Reason"), lines=4, max_length=2000)


class StopForm(ConfirmForm):
    """Why the work should end."""

    reason = TextField(label=_("Why should the work end?"), lines=5, max_length=3000)


class FinalReportForm(ConfirmForm):
    """What came of the work, and what others can learn from it."""

    text = TextField(label=_("What came of the work"), lines=10)
    lesson = TextField(
        label=_("Lesson for others"),
        lines=5,
        max_length=5000,
        help_text=_("It is published, also when the idea did not work."),
    )
    evidence = FilesField(label=_("Files"), required=False)


class ReportForm(forms.Form):
    """What was reached, with evidence."""

    text = TextField(
        label=_("What was reached, measured by the criterion"),
        lines=10,
        error_messages={"required": _("Describe what was reached, measured by the criterion.")},
    )
    evidence = FilesField(label=_("Evidence"), required=False)
