"""People and organisations, as an administrator keeps them."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from rdfast.people.models import Ban, Conflict, Organisation, User

# Roles are appointments within programmes; Django's groups would be a second way.
admin.site.unregister(Group)


class PersonForm(forms.ModelForm[User]):
    """A person; the password is only set, never shown."""

    new_password = forms.CharField(
        label=_("new password"),
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Leave empty to keep the present one. At least ten characters."),
    )

    class Meta:
        model = User
        fields = (
            "email",
            "name",
            "language",
            "organisation",
            "department",
            "is_signatory",
            "is_staff",
            "is_active",
        )

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()

    def clean_new_password(self) -> str:
        password: str = self.cleaned_data["new_password"]
        if password:
            validate_password(password, self.instance)
        elif self.instance.pk is None:
            raise forms.ValidationError(_("A new person needs a password."))
        return password


@admin.register(User)
class PersonAdmin(admin.ModelAdmin[User]):
    form = PersonForm
    list_display = ("name", "email", "organisation", "is_signatory", "is_staff", "is_active")
    list_select_related: ClassVar[list[str]] = ["organisation"]
    search_fields = ("name", "email")

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:  # noqa: FBT001
        if form.cleaned_data["new_password"]:
            obj.set_password(form.cleaned_data["new_password"])
        super().save_model(request, obj, form, change)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """People are made inactive, never deleted: what they did stays theirs."""
        return False


@admin.register(Organisation)
class OrganisationAdmin(admin.ModelAdmin[Organisation]):
    list_display = ("name_ko", "name_en", "kind", "registration_number")
    search_fields = ("name_ko", "name_en", "registration_number")


@admin.register(Ban)
class BanAdmin(admin.ModelAdmin[Ban]):
    list_display = ("user", "organisation", "from_on", "until_on")
    list_select_related: ClassVar[list[str]] = ["user", "organisation"]
    autocomplete_fields = ("user", "organisation")


@admin.register(Conflict)
class ConflictAdmin(admin.ModelAdmin[Conflict]):
    list_display = ("user", "with_user", "with_organisation", "declared_at")
    list_select_related: ClassVar[list[str]] = ["user", "with_user", "with_organisation"]
    autocomplete_fields = ("user", "with_user", "with_organisation")
