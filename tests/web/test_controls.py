"""What people typed is shown as text, whichever engine draws the control."""

import pytest
from django import forms

from rdfast.web.forms import ChoiceList, RadioCards

SCRIPT = '"></textarea><script>alert(1)</script>'


@pytest.mark.parametrize(
    "widget",
    [
        forms.TextInput(),
        forms.Textarea(),
        forms.Select(),
        RadioCards(descriptions={SCRIPT: SCRIPT}),
        ChoiceList(),
    ],
    ids=lambda widget: type(widget).__name__,
)
def test_what_was_typed_is_not_run(widget: forms.Widget) -> None:
    if isinstance(widget, forms.widgets.ChoiceWidget):
        widget.choices = [(SCRIPT, SCRIPT)]
    drawn = forms.Form()
    drawn.fields["it"] = forms.Field(widget=widget, initial=SCRIPT)
    html = str(drawn["it"])
    assert "alert(1)" in html
    assert "<script" not in html
