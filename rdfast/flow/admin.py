"""Deadlines, to look at: those that failed for good are the administrators' to find, and to try again."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from rdfast.core.admin_read_only import LookOnly
from rdfast.flow import deadlines
from rdfast.timers import clock
from rdfast.timers.models import Timer


@admin.register(Timer)
class TimerAdmin(LookOnly):
    list_display = ("id", "kind", "subject_kind", "subject_id", "due_at", "status", "attempts")
    list_filter = ("status", "kind")
    actions = ("try_again",)
    show_full_result_count = False

    @admin.action(description=_("Try again"), permissions=["view"])
    def try_again(self, request: HttpRequest, chosen: QuerySet[Timer]) -> None:
        """Set new deadlines in place of those that failed."""
        done = self.each(chosen, deadlines.try_again, request=request, at=clock.now())
        if done:
            text = ngettext("%(count)d deadline was set again.", "%(count)d deadlines were set again.", done)
            self.message_user(request, text % {"count": done}, messages.SUCCESS)
