"""A refusal of the domain, shown by the form that met it."""

from django import forms

from rdfast.core.refusals import ManyRulesBroken, RuleBroken


def add_refusal(form: forms.BaseForm, refusal: RuleBroken) -> None:
    """Put each message beside the field it belongs to, or above the form."""
    refusals = refusal.refusals if isinstance(refusal, ManyRulesBroken) else [refusal]
    for each in refusals:
        form.add_error(each.field if each.field in form.fields else None, str(each))
