"""Programmes, envelopes and calls, as an administrator keeps them; policy versions to look at."""

from typing import ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from rdfast.core.admin_read_only import LookOnly
from rdfast.core.amounts import written
from rdfast.programmes.models import Appointment, BudgetCategory, Call, Envelope, Policy, Programme, Topic
from rdfast.programmes.queries import allotment_of, available_in


class AppointmentInline(admin.TabularInline[Appointment, Programme]):
    model = Appointment
    extra = 1
    autocomplete_fields = ("user",)


class TopicInline(admin.TabularInline[Topic, Programme]):
    model = Topic
    extra = 1


@admin.register(Programme)
class ProgrammeAdmin(admin.ModelAdmin[Programme]):
    list_display = ("code", "name_ko", "name_en", "rules")
    inlines = (AppointmentInline, TopicInline)

    @admin.display(description=_("policy versions"))
    def rules(self, programme: Programme) -> str:
        """The way to the page where the first version is adopted; later ones are the head's."""
        newest = programme.policies.order_by("-number").first()
        if newest:
            return str(newest.number)
        return format_html(
            '<a href="{}">{}</a>', reverse("programme:adopt", args=[programme.pk]), _("Adopt the first")
        )


@admin.register(Policy)
class PolicyAdmin(LookOnly):
    """Versions are adopted on the programme's own pages, and never changed."""

    list_display = ("programme", "number", "starts_at", "adopted_by", "reason")
    list_select_related: ClassVar[list[str]] = ["programme", "adopted_by"]
    fields = ("programme", "number", "reason", "starts_at", "adopted_by", "adopted_at", "values")


@admin.register(Envelope)
class EnvelopeAdmin(admin.ModelAdmin[Envelope]):
    """An envelope is made empty; its money is allotted on the programme's own pages."""

    fields = ("programme", "year")
    list_display = ("programme", "year", "allotted", "available")
    list_select_related: ClassVar[list[str]] = ["programme"]

    @admin.display(description=_("allotted"))
    def allotted(self, envelope: Envelope) -> str:
        return written(allotment_of(envelope))

    @admin.display(description=_("available"))
    def available(self, envelope: Envelope) -> str:
        return written(available_in(envelope))

    def has_change_permission(self, request: HttpRequest, obj: Envelope | None = None) -> bool:
        return False

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
