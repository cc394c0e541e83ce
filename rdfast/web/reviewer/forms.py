"""What reviewers fill in."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from rdfast.core.texts import TextField
from rdfast.reviews.rules import RUBRIC, SCORES
from rdfast.reviews.states import Grade
from rdfast.web.forms import ConfirmForm, RadioCards

SCORE_WORDS = {1: _("Not at all"), 2: _("Hardly"), 3: _("In part"), 4: _("Largely"), 5: _("Fully")}


class AcceptForm(forms.Form):
    """The declaration without which nobody reviews."""

    no_conflict = forms.BooleanField(
        label=_("I have no conflict of interest with these applicants or their organisation."),
        error_messages={"required": _("Declare that you have none. If you have one, say so below.")},
    )


class DeclineForm(forms.Form):
    """Why the person cannot review."""

    decline_reason = TextField(
        label=_("Why you cannot review"),
        lines=2,
        max_length=1000,
        error_messages={"required": _("Say briefly why, so that the programme can plan.")},
    )


class RecuseForm(forms.Form):
    """What binds the person to the applicants."""

    recuse_reason = TextField(
        label=_("What your conflict of interest is"),
        lines=2,
        max_length=300,
        error_messages={"required": _("Say briefly what binds you to them; it is remembered.")},
    )


class RubricForm(ConfirmForm):
    """The evaluation: four scores, a grade, and the reasons for it."""

    grade = forms.ChoiceField(
        label=_("Grade"),
        choices=Grade.choices,
        widget=RadioCards(
            descriptions={
                Grade.PASSED: _("The work goes on and the next payment may follow."),
                Grade.CONDITIONAL: _("The team has a fixed time to put right what you name."),
                Grade.FAILED: _("The milestone was not reached."),
            }
        ),
        error_messages={"required": _("Choose a grade.")},
    )
    comments = TextField(
        label=_("Comments"),
        help_text=_(
            "Explain your grade in a few sentences. The programme's managers read them with your name, the applicant "
            "without it: write nothing that shows who you are."
        ),
        lines=8,
        error_messages={"required": _("Explain your grade in a few sentences.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in RUBRIC.items():
            self.fields[name] = forms.TypedChoiceField(
                label=label,
                coerce=int,
                choices=[(score, f"{score} – {SCORE_WORDS[score]}") for score in SCORES],
                widget=RadioCards(),
                error_messages={"required": _("Give a score from 1 to 5.")},
            )
        self.order_fields([*RUBRIC, "grade", "comments", "understood"])

    def rubric(self) -> list[forms.BoundField]:
        """The four scores."""
        return [self[name] for name in RUBRIC]

    def scores(self) -> dict[str, int]:
        """What was given, once the form is valid."""
        return {name: self.cleaned_data[name] for name in RUBRIC}
