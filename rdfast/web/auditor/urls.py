"""Addresses of this face."""

from django.urls import path

from rdfast.web.auditor import views

urlpatterns = [
    path("", views.home, name="home"),
    path("events/", views.events, name="events"),
    path("proposals/<int:pk>/", views.matter, name="matter"),
    path("envelopes/<int:pk>/", views.envelope, name="envelope"),
]
