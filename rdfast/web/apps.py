from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "rdfast.web"
    label = "web"
