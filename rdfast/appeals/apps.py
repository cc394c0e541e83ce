from django.apps import AppConfig


class AppealsConfig(AppConfig):
    name = "rdfast.appeals"
