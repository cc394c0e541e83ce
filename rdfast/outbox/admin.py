"""Messages, to look at: those that were given up are the administrators' to find."""

from typing import ClassVar

from django.contrib import admin

from rdfast.core.admin_read_only import LookOnly
from rdfast.outbox.models import Message


@admin.register(Message)
class MessageAdmin(LookOnly):
    list_display = ("id", "to", "subject", "status", "created_at", "delivered_at", "attempts")
    list_filter = ("status",)
    list_select_related: ClassVar[list[str]] = ["to"]
    show_full_result_count = False
