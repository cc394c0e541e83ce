"""Whose statement is wanted."""

from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rdfast.core.texts import TextField
from rdfast.funding.models import Award
from rdfast.funding.queries import readable_by_agency
from rdfast.people.models import Organisation, User
from rdfast.programmes.models import Envelope, Programme
from rdfast.programmes.queries import programmes_served
from rdfast.programmes.rules import STATEMENT_READERS
from rdfast.reports.statements import Scope
from rdfast.web.statements import PeriodForm
from rdfast.web.templatetags.rdfast import in_language


class _ByName(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Programmes by their names in the reader's language."""

    def label_from_instance(self, obj: Any) -> str:
        return in_language(obj, "name")


class StatementForm(PeriodForm):
    """A programme, a fiscal year, an organisation or one award; what is left empty narrows nothing."""

    field_order = ("programme", "year", "organisation", "award", "from_at", "until_at")
    programme = _ByName(
        Programme.objects.none(),
        label=gettext_lazy("Programme"),
        required=False,
        empty_label=gettext_lazy("All of mine"),
    )
    year = forms.IntegerField(
        label=gettext_lazy("Fiscal year"), required=False, min_value=2000, max_value=2100
    )
    organisation = TextField(
        label=gettext_lazy("Organisation"),
        required=False,
        help_text=gettext_lazy("Its registration number, or enough of its name that no other matches."),
    )
    award = forms.RegexField(
        label=gettext_lazy("Award"),
        regex=r"^\s*(?:[Aa]-?)?0*[1-9]\d{0,17}\s*$",
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "A-000001"}),
        error_messages={"invalid": gettext_lazy("Write a number such as A-000001.")},
    )

    def __init__(self, data: Any, *, user: User, at: datetime) -> None:
        super().__init__(data, at=at)
        self.user = user
        self.programmes = programmes_served(user, *STATEMENT_READERS)
        self.fields["programme"].queryset = self.programmes.order_by("code")  # type: ignore[attr-defined]

    def clean_award(self) -> Award | None:
        typed = self.cleaned_data["award"].strip().lstrip("Aa").lstrip("-")
        if not typed:
            return None
        found = readable_by_agency(self.user, *STATEMENT_READERS).filter(pk=int(typed)).first()
        if found is None:
            raise forms.ValidationError(_("There is no such award in your programmes."))
        return found

    def clean_organisation(self) -> Organisation | None:
        typed = self.cleaned_data["organisation"].strip()
        if not typed:
            return None
        awards = readable_by_agency(self.user, *STATEMENT_READERS).order_by()
        theirs = Organisation.objects.filter(pk__in=awards.values("organisation"))
        exactly = Q(registration_number=typed) | Q(name_ko__iexact=typed) | Q(name_en__iexact=typed)
        partly = Q(name_ko__icontains=typed) | Q(name_en__icontains=typed)
        found = list(theirs.filter(exactly)[:6]) or list(theirs.filter(partly).order_by("name_ko")[:6])
        if not found:
            raise forms.ValidationError(_("No organisation of this name has an award in your programmes."))
        if len(found) > 1:
            names = ", ".join(f"{in_language(each, 'name')} ({each.registration_number})" for each in found)
            raise forms.ValidationError(_("Several match: %(names)s.") % {"names": names})
        return found[0]

    @property
    def scope(self) -> Scope:
        """What was chosen. Organisations and awards are those that no conflict of interest hides."""
        typed = self.cleaned_data
        programme, year, award, organisation = (
            typed[name] for name in ("programme", "year", "award", "organisation")
        )
        mine = Envelope.objects.filter(programme__in=[programme] if programme else self.programmes)
        if year:
            mine = mine.filter(year=year)
        awards = None
        if award:
            awards = [award.pk] if organisation in (None, award.organisation) else []
        elif organisation:
            readable = readable_by_agency(self.user, *STATEMENT_READERS).filter(organisation=organisation)
            awards = list(readable.order_by("pk").values_list("pk", flat=True))
        named = [
            in_language(programme, "name") if programme else "",
            str(year or ""),
            in_language(organisation, "name") if organisation else "",
            award.number if award else "",
        ]
        title = ", ".join(filter(None, named)) or _("All of my programmes")
        return Scope(title, list(mine.order_by("pk").values_list("pk", flat=True)), awards)
