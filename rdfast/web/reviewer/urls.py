"""Addresses of this face."""

from django.urls import path

from rdfast.web.reviewer import views

urlpatterns = [
    path("", views.inbox, name="inbox"),
    path("<int:pk>/", views.review, name="review"),
    path("<int:pk>/accept/", views.accept, name="accept"),
    path("<int:pk>/decline/", views.decline, name="decline"),
    path("<int:pk>/recuse/", views.recuse, name="recuse"),
    path("<int:pk>/deliver/", views.deliver, name="deliver"),
]
