"""Addresses of this face."""

from django.urls import path

from rdfast.web.committee import views

urlpatterns = [
    path("", views.inbox, name="inbox"),
    path("proceedings/<int:pk>/", views.proceeding, name="proceeding"),
    path("appeals/<int:pk>/", views.appeal, name="appeal"),
]
