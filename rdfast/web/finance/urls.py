"""Addresses of this face."""

from django.urls import path

from rdfast.web.finance import claims, inbox, payments

urlpatterns = [
    path("", inbox.inbox, name="inbox"),
    path("payments/<int:pk>/", payments.tranche, name="tranche"),
    path("payments/<int:pk>/release/", payments.release, name="release"),
    path("payments/<int:pk>/settle/", payments.settle, name="settle"),
    path("claims/<int:pk>/", claims.claim, name="claim"),
    path("awards/<int:pk>/", inbox.award, name="award"),
]
