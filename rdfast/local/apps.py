from django.apps import AppConfig


class LocalConfig(AppConfig):
    """The embedded servers and the supervisor, with their management commands."""

    name = "rdfast.local"
