"""What an administrator may look at and nobody may touch."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from rdfast.core.refusals import RuleBroken


class LookOnly(admin.ModelAdmin[Any]):
    """Shows rows; adding, changing and deleting happen through operations alone."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def each(
        self, chosen: QuerySet[Any], operation: Callable[..., object], *, request: HttpRequest, at: datetime
    ) -> int:
        """Ask the operation for each chosen row; a refusal says why, and stops no other. Returns how many were done."""
        done = 0
        for row in chosen.order_by("pk"):
            try:
                operation(row.pk, by=request.user, at=at)
            except RuleBroken as refusal:
                self.message_user(request, f"{row.pk}: {refusal}", messages.WARNING)
            else:
                done += 1
        return done
