from django.apps import AppConfig


class FlowConfig(AppConfig):
    name = "rdfast.flow"
