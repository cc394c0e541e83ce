"""What the forms of every face share: controls, refusals, and the tick before what cannot be undone."""

from rdfast.web.forms.confirming import ConfirmForm
from rdfast.web.forms.controls import ChoiceList, DayInput, InstantInput, RadioCards
from rdfast.web.forms.recovering import ReasonForm, RecoverForm
from rdfast.web.forms.refusing import each_of, show_refusal
from rdfast.web.forms.rows import Rows, with_added_row

__all__ = [
    "ChoiceList",
    "ConfirmForm",
    "DayInput",
    "InstantInput",
    "RadioCards",
    "ReasonForm",
    "RecoverForm",
    "Rows",
    "each_of",
    "show_refusal",
    "with_added_row",
]
