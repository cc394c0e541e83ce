"""Addresses of a demo's own controls; elsewhere they answer 404."""

from django.urls import path

from rdfast.web.demo import views

urlpatterns = [
    path("forward/", views.forward, name="forward"),
    path("become/", views.become, name="become"),
    path("mailbox/", views.mailbox, name="mailbox"),
]
