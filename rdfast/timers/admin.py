"""Deadlines, to look at: those that failed are the administrators' to find."""

from django.contrib import admin

from rdfast.core.admin_read_only import LookOnly
from rdfast.timers.models import Timer


@admin.register(Timer)
class TimerAdmin(LookOnly):
    list_display = ("id", "kind", "subject_kind", "subject_id", "due_at", "status", "attempts")
    list_filter = ("status", "kind")
    show_full_result_count = False
