"""Account statements for both sides: the period, the page's context, and the files."""

from datetime import datetime
from typing import Any

from django import forms
from django.http import FileResponse, Http404, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rdfast.reports.downloads import beancount_of, csv_of, xlsx_of
from rdfast.reports.statements import Scope, Statement, statement_at
from rdfast.web.forms import InstantInput
from rdfast.web.pages import page_of

KINDS = {"csv": "CSV", "xlsx": "Excel", "beancount": "Beancount"}
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class PeriodForm(forms.Form):
    """From when until when; the end may be any instant that has passed."""

    from_at = forms.DateTimeField(
        label=_("From"),
        required=False,
        widget=InstantInput(),
        help_text=_("Left empty: from the first movement on."),
    )
    until_at = forms.DateTimeField(
        label=_("Until"), required=False, widget=InstantInput(), help_text=_("Left empty: until now.")
    )

    def __init__(self, data: Any, *, at: datetime) -> None:
        super().__init__(data)
        self.at = at

    def clean_until_at(self) -> datetime:
        until: datetime = self.cleaned_data["until_at"] or self.at
        if until > self.at:
            raise forms.ValidationError(
                _("Nobody knows the money of the future. Choose an instant that has passed.")
            )
        return until

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        begin, end = cleaned.get("from_at"), cleaned.get("until_at")
        if begin and end and begin > end:
            self.add_error("from_at", _("The beginning lies after the end."))
        return cleaned

    def statement_of(self, scope: Scope) -> Statement:
        """The statement of the period that was filled in."""
        typed = self.cleaned_data
        return statement_at(scope, opens_at=typed["from_at"], closes_at=typed["until_at"])


def context_of(statement: Statement, request: HttpRequest) -> dict[str, Any]:
    """What `parts/account_statement.html` shows: the balances and a page of the movements."""
    arrows = statement.arrows.select_related("source", "target")
    return {"statement": statement, "page": page_of(arrows, request, size=50), "kinds": KINDS.items()}


def file_of(statement: Statement, kind: str) -> HttpResponseBase:
    """The statement to be saved. What is long is sent while it is written."""
    name = f"statement-{timezone.localtime(statement.closes_at):%Y%m%d-%H%M}"
    response: HttpResponseBase
    if kind == "csv":
        response = StreamingHttpResponse(csv_of(statement), content_type="text/csv; charset=utf-8")
    elif kind == "beancount":
        response = StreamingHttpResponse(beancount_of(statement), content_type="text/plain; charset=utf-8")
    elif kind == "xlsx":
        response = FileResponse(xlsx_of(statement), content_type=_XLSX)
    else:
        raise Http404
    response["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response
