"""By which template engine the controls of a form are drawn."""

from typing import Any

from django.forms.renderers import BaseRenderer, Jinja2, TemplatesSetting


class FormRenderer(BaseRenderer):
    """Django's own controls by Jinja2, all others by the templates that pages use.

    A proposal form has ninety controls. By Django's engine they took half of the page's processor time; Jinja2 draws
    one in a sixth of it.
    """

    def __init__(self) -> None:
        self._own, self._others = Jinja2(), TemplatesSetting()

    def get_template(self, template_name: str) -> Any:
        drawn_by = self._own if template_name.startswith("django/forms/") else self._others
        return drawn_by.get_template(template_name)
