"""Rows that can be added, removed and left empty, with or without JavaScript."""

from typing import Any, Self, cast

from django import forms
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from rdfast.core.refusals import RuleBroken


class Rows(forms.BaseFormSet[forms.Form]):
    """A formset whose posted rows stand for everything there is: empty and removed ones vanish."""

    # What one row is called in the summary of errors.
    row_words: str | Promise = ""
    default_error_messages = {"too_many_forms": _("At most %(num)d rows fit here. Remove one first.")}

    @classmethod
    def of(cls, form: type[forms.Form], *, most: int, least: int = 0, extra: int = 0) -> type[Self]:
        """The formset of such rows: `least` are shown at once, and `extra` empty ones below those there are."""
        made = forms.formset_factory(
            form, formset=cls, extra=extra, min_num=least, max_num=most, absolute_max=most, can_delete=True
        )
        return cast("type[Self]", made)

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        # Whether a row is empty is asked of what was posted, not of what was there before.
        return {**super().get_form_kwargs(index), "empty_permitted": True, "use_required_attribute": False}

    @property
    def filled(self) -> list[forms.Form]:
        """The rows that hold something and were not removed, in their order."""
        return [form for form in self.forms if form.has_changed() and not _is_removed(form)]

    def show(self, refusal: RuleBroken) -> bool:
        """Show a refusal that names this formset or a field of its n-th filled row; False when it names neither."""
        name, number, field = [*(refusal.field or "").split("-", 2), "", ""][:3]
        if name != self.prefix:
            return False
        rows = self.filled
        if number.isdecimal() and int(number) < len(rows) and field in rows[int(number)].fields:
            rows[int(number)].add_error(field, str(refusal))
        else:
            self.non_form_errors().append(str(refusal))
        return True


def _is_removed(form: forms.Form) -> bool:
    # Django's `deleted_forms` is empty as soon as any row is wrong.
    return bool(form.cleaned_data.get("DELETE")) if hasattr(form, "cleaned_data") else False


def with_added_row(data: QueryDict) -> QueryDict:
    """What was posted, with one more empty row in the formset whose add button was pressed.

    The view binds its forms to the result and shows the page again instead of saving.
    """
    more = data.copy()
    key = f"{data.get('add_row', '')}-TOTAL_FORMS"
    rows = str(data.get(key, ""))
    if rows.isdecimal() and len(rows) < 5:
        more[key] = str(int(rows) + 1)
    return more
