"""Messages, to look at: those that were given up are the administrators' to find, and to send again."""

from typing import ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from rdfast.core.admin_read_only import LookOnly
from rdfast.outbox import operations
from rdfast.outbox.models import Message
from rdfast.timers import clock


@admin.register(Message)
class MessageAdmin(LookOnly):
    list_display = ("id", "to", "subject", "status", "created_at", "delivered_at", "attempts")
    list_filter = ("status",)
    list_select_related: ClassVar[list[str]] = ["to"]
    actions = ("send_again",)
    show_full_result_count = False

    @admin.action(description=_("Send again"), permissions=["view"])
    def send_again(self, request: HttpRequest, chosen: QuerySet[Message]) -> None:
        """Let messages that were given up wait for the relay once more."""
        done = self.each(chosen, operations.send_again, request=request, at=clock.now())
        if done:
            text = ngettext("%(count)d message waits again.", "%(count)d messages wait again.", done)
            self.message_user(request, text % {"count": done}, messages.SUCCESS)
