"""The lines of a claim and its receipts."""

from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from rdfast.core.amounts import AmountField
from rdfast.core.refusals import RuleBroken
from rdfast.core.texts import TextField
from rdfast.core.uploads import FilesField
from rdfast.programmes.models import BudgetCategory
from rdfast.settlement.models import Claim
from rdfast.settlement.operations import Line
from rdfast.web.forms import DayInput, Rows, each_of, show_refusal
from rdfast.web.templatetags.rdfast import in_language

MOST_LINES = 200


class LineForm(forms.Form):
    """One cost; once begun it is filled in completely."""

    category = forms.TypedChoiceField(label=_("Category"), empty_value=None)
    spent_on = forms.DateField(label=_("Spent on"), widget=DayInput, input_formats=["%Y-%m-%d"])
    description = TextField(label=_("What for"), max_length=200)
    amount = AmountField(label=_("Amount"))

    def __init__(self, *args: Any, categories: dict[int, BudgetCategory], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.categories = categories
        choices = [(str(pk), in_language(each, "name")) for pk, each in categories.items()]
        field = cast("forms.TypedChoiceField", self.fields["category"])
        field.choices = [("", _("Choose")), *choices]
        field.coerce = self._category

    def _category(self, pk: str) -> BudgetCategory:
        """The category of this id. Django takes only a ValueError for «no such choice»."""
        if pk not in map(str, self.categories):
            raise ValueError(pk)
        return self.categories[int(pk)]


class LineRows(Rows):
    """The costs of a claim."""

    row_words = _("Cost")


Lines = LineRows.of(LineForm, extra=1, most=MOST_LINES)


class ReceiptsForm(forms.Form):
    """What belongs to the claim as a whole."""

    revision = forms.IntegerField(widget=forms.HiddenInput)
    receipts = FilesField(label=_("Receipts"), required=False)


class ClaimSheet:
    """The form of one claim: its lines and its receipts."""

    def __init__(
        self, claim: Claim, data: QueryDict | None = None, files: MultiValueDict[str, Any] | None = None
    ) -> None:
        self.data = data.copy() if data is not None else None
        categories = {each.pk: each for each in BudgetCategory.objects.all()}
        saved = None if self.data is not None else [_saved(line) for line in claim.lines.all()]
        self.form = ReceiptsForm(self.data, files, initial={"revision": claim.revision})
        self.lines = Lines(self.data, initial=saved, prefix="lines", form_kwargs={"categories": categories})

    @property
    def parts(self) -> list[forms.BaseForm | forms.BaseFormSet[forms.Form]]:
        """The parts in the order of the page."""
        return [self.lines, self.form]

    def is_valid(self) -> bool:
        """Whether everything typed can be read; each part is asked, so that every error shows."""
        wrong = [part for part in self.parts if not part.is_valid()]
        return not wrong

    @property
    def revision(self) -> int:
        """How many times the claim had been saved when the page was loaded."""
        return int(self.form.cleaned_data["revision"])

    def saved_as(self, revision: int) -> None:
        """What is on the page was saved: the same page may be saved again."""
        if self.data is not None:
            self.data["revision"] = str(revision)

    def content(self) -> list[Line]:
        """The lines as the domain takes them."""
        typed = [row.cleaned_data for row in self.lines.filled]
        return [
            Line(each["category"], each["spent_on"], each["description"], each["amount"]) for each in typed
        ]

    def show(self, refusal: RuleBroken) -> None:
        """Put each rule that refused beside its line, above the lines, or above the form."""
        for each in each_of(refusal):
            if not self.lines.show(each):
                show_refusal(self.form, each)


def _saved(line: Any) -> dict[str, Any]:
    return {
        "category": line.category_id,
        "spent_on": line.spent_on,
        "description": line.description,
        "amount": line.amount,
    }
