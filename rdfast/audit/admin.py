"""Events, to look at."""

from typing import ClassVar

from django.contrib import admin

from rdfast.audit.models import Event
from rdfast.core.admin_read_only import LookOnly


@admin.register(Event)
class EventAdmin(LookOnly):
    list_display = ("id", "kind", "subject_kind", "subject_id", "actor", "at", "cause")
    list_select_related: ClassVar[list[str]] = ["actor"]
    search_fields = ("kind", "cause")
    show_full_result_count = False
