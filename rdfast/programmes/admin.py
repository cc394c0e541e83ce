"""Programmes, policies, envelopes and calls, as an administrator keeps them."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any, ClassVar
from uuid import uuid4

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from rdfast.core import boundaries
from rdfast.core.amounts import AmountField, written
from rdfast.core.refusals import ManyRulesBroken
from rdfast.people.models import User
from rdfast.programmes import operations
from rdfast.programmes.models import Appointment, BudgetCategory, Call, Envelope, Policy, Programme, Topic
from rdfast.programmes.queries import allotment_of, available_in
from rdfast.programmes.terms import Terms, parse
from rdfast.timers import clock


class AppointmentInline(admin.TabularInline[Appointment, Programme]):
    model = Appointment
    extra = 1
    autocomplete_fields = ("user",)


class TopicInline(admin.TabularInline[Topic, Programme]):
    model = Topic
    extra = 1


@admin.register(Programme)
class ProgrammeAdmin(admin.ModelAdmin[Programme]):
    list_display = ("code", "name_ko", "name_en")
    inlines = (AppointmentInline, TopicInline)


def _parameter_field(parameter: Any) -> forms.Field:
    precedent = parameter.metadata["precedent"]
    if isinstance(parameter.default, bool):
        standard = _("yes") if parameter.default else _("no")
        return forms.BooleanField(
            label=parameter.metadata["label"],
            required=False,
            initial=parameter.default,
            help_text=_help(standard, precedent),
        )
    return forms.IntegerField(
        label=parameter.metadata["label"],
        initial=parameter.default,
        min_value=parameter.metadata["least"],
        max_value=parameter.metadata["most"],
        help_text=_help(f"{parameter.default:,}", precedent),
    )


def _help(standard: Any, precedent: Any) -> str:
    text = gettext("Default: %(standard)s.") % {"standard": standard}
    return f"{text} {gettext('Precedent: %(precedent)s') % {'precedent': precedent}}" if precedent else text


class PolicyForm(forms.ModelForm[Policy]):
    """A new version: every parameter with its default and the precedent behind it."""

    class Meta:
        model = Policy
        fields = ("programme", "reason", "starts_at")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for parameter in fields(Terms):
            self.fields[parameter.name] = _parameter_field(parameter)
        self.fields["starts_at"].initial = clock.now

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        values = {p.name: cleaned[p.name] for p in fields(Terms) if p.name in cleaned}
        try:
            parse(values)
        except ManyRulesBroken as refused:
            for refusal in refused.refusals:
                self.add_error(refusal.field, str(refusal))
        self.instance.values = values
        return cleaned


class OneCommit:
    """What a form of administration writes is one transaction, Django's own record of it too."""

    @boundaries.commit
    def changeform_view(self, *args: Any, **kwargs: Any) -> Any:
        return super().changeform_view(*args, **kwargs)  # type: ignore[misc]


@admin.register(Policy)
class PolicyAdmin(OneCommit, admin.ModelAdmin[Policy]):
    """Versions are added, never changed."""

    list_display = ("programme", "number", "starts_at", "adopted_by", "reason")
    list_select_related: ClassVar[list[str]] = ["programme", "adopted_by"]

    def get_form(  # type: ignore[override]
        self, request: HttpRequest, obj: Policy | None = None, **kwargs: Any
    ) -> Any:
        # Django asks a form class for its fields before it is made; ours come from the parameters.
        return PolicyForm if obj is None else super().get_form(request, obj, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Policy | None = None) -> Any:
        if obj is None:
            return ["programme", "reason", "starts_at", *(parameter.name for parameter in fields(Terms))]
        return ["programme", "number", "reason", "starts_at", "adopted_by", "adopted_at", "values"]

    def save_model(self, request: HttpRequest, obj: Policy, form: Any, change: bool) -> None:  # noqa: FBT001
        at = clock.now()
        adopted = operations.adopt(
            obj.programme_id,
            values=obj.values,
            reason=obj.reason,
            starts_at=max(obj.starts_at, at),
            by=_administrator(request),
            at=at,
        )
        obj.pk, obj.number = adopted.pk, adopted.number

    def has_change_permission(self, request: HttpRequest, obj: Policy | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Policy | None = None) -> bool:
        return False


class EnvelopeForm(forms.ModelForm[Envelope]):
    """An envelope, and money put in or taken out with a reason."""

    amount = AmountField(label=_("amount to allot"), required=False)
    cut = AmountField(label=_("amount to cut"), required=False)
    reason = forms.CharField(label=_("reason"), required=False, max_length=300)
    once = forms.UUIDField(widget=forms.HiddenInput)

    class Meta:
        model = Envelope
        fields = ("programme", "year")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["once"].initial = uuid4

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if (cleaned.get("amount") or cleaned.get("cut")) and not cleaned.get("reason"):
            self.add_error("reason", _("Give a reason."))
        if cleaned.get("cut") and self.instance.pk and cleaned["cut"] > available_in(self.instance):
            self.add_error("cut", _("More than is available."))
        return cleaned


@admin.register(Envelope)
class EnvelopeAdmin(OneCommit, admin.ModelAdmin[Envelope]):
    form = EnvelopeForm
    list_display = ("programme", "year", "allotted", "available")
    list_select_related: ClassVar[list[str]] = ["programme"]

    @admin.display(description=_("allotted"))
    def allotted(self, envelope: Envelope) -> str:
        return written(allotment_of(envelope))

    @admin.display(description=_("available"))
    def available(self, envelope: Envelope) -> str:
        return written(available_in(envelope))

    def get_readonly_fields(self, request: HttpRequest, obj: Envelope | None = None) -> Any:
        return ("programme", "year", "allotted", "available") if obj else ()

    def save_model(self, request: HttpRequest, obj: Envelope, form: Any, change: bool) -> None:  # noqa: FBT001
        super().save_model(request, obj, form, change)
        typed = form.cleaned_data
        changes: list[tuple[str, Callable[..., None]]] = [
            ("amount", operations.allot),
            ("cut", operations.cut),
        ]
        for name, operation in changes:
            if typed.get(name):
                operation(
                    obj.pk,
                    amount=typed[name],
                    reason=typed["reason"],
                    key=str(typed["once"]),
                    by=_administrator(request),
                    at=clock.now(),
                )

    def has_delete_permission(self, request: HttpRequest, obj: Envelope | None = None) -> bool:
        return False


@admin.register(Call)
class CallAdmin(admin.ModelAdmin[Call]):
    list_display = ("title_ko", "programme", "opens_at", "closes_at")
    list_select_related: ClassVar[list[str]] = ["programme"]
    filter_horizontal = ("topics",)


@admin.register(BudgetCategory)
class BudgetCategoryAdmin(admin.ModelAdmin[BudgetCategory]):
    list_display = ("position", "code", "name_ko", "name_en")


def _administrator(request: HttpRequest) -> User | None:
    return request.user if isinstance(request.user, User) else None
