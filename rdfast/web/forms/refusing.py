"""A refusal of the domain, shown by the form that met it."""

from django import forms

from rdfast.core.refusals import ManyRulesBroken, RuleBroken


def each_of(refusal: RuleBroken) -> list[RuleBroken]:
    """The refusal, or each of many."""
    return refusal.refusals if isinstance(refusal, ManyRulesBroken) else [refusal]


def show_refusal(form: forms.BaseForm, refusal: RuleBroken) -> None:
    """Put each message beside the field it belongs to, or above the form."""
    for each in each_of(refusal):
        form.add_error(each.field if each.field in form.fields else None, str(each))
