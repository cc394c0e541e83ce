"""What the forms of every face share: controls, refusals, and the tick before what cannot be undone."""

from rdfast.web.forms.confirming import ConfirmForm
from rdfast.web.forms.controls import ChoiceList, DayInput, InstantInput, RadioCards
from rdfast.web.forms.refusing import add_refusal
from rdfast.web.forms.rows import with_added_row

__all__ = ["ChoiceList", "ConfirmForm", "DayInput", "InstantInput", "RadioCards", "add_refusal", "with_added_row"]
