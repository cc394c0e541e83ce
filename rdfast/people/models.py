"""Users, organisations, who signs for whom, who is barred, and what keeps people apart."""

from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class Organisation(models.Model):
    """A research institute, university, company or agency."""

    class Kind(models.TextChoices):
        INSTITUTE = "institute", _("Research institute")
        UNIVERSITY = "university", _("University")
        SMALL = "small", _("Small company")
        MID = "mid", _("Mid-size company")
        LARGE = "large", _("Large company")
        AGENCY = "agency", _("Agency")

    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    name_ko = models.CharField(_("name in Korean"), max_length=200)
    name_en = models.CharField(_("name in English"), max_length=200)
    registration_number = models.CharField(
        _("business registration number"),
        max_length=12,
        unique=True,
        validators=[RegexValidator(r"^\d{3}-\d{2}-\d{5}$", _("Write it as 123-45-67890."))],
    )

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        ordering = ("name_ko",)

    def __str__(self) -> str:
        return self.name_ko


class UserManager(BaseUserManager["User"]):
    """Makes users; Django's createsuperuser command asks for it by these names."""

    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person. What they may do follows from their organisation and their appointments."""

    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=100)
    language = models.CharField(
        _("language"), max_length=2, default="ko", choices=[("ko", _("Korean")), ("en", _("English"))]
    )
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="people",
        verbose_name=_("organisation"),
    )
    department = models.CharField(_("department"), max_length=100, blank=True)
    is_signatory = models.BooleanField(
        _("signs for the organisation"), default=False, help_text=_("May sign agreements of its awards.")
    )
    is_staff = models.BooleanField(_("administrator"), default=False)
    is_active = models.BooleanField(_("active"), default=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ("name", "pk")

    def __str__(self) -> str:
        return self.name

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Django's own permissions are not used: an administrator sees all of “Administration”."""
        return self.has_module_perms("")

    def has_module_perms(self, app_label: str) -> bool:
        """The same for every part of it."""
        return self.is_active and self.is_staff


class Ban(models.Model):
    """A participation ban on a person or an organisation (Innovation Act art. 32)."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="bans")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="bans"
    )
    from_on = models.DateField(_("from"))
    until_on = models.DateField(_("until"))
    reason = models.TextField(_("reason"))

    class Meta:
        verbose_name = _("participation ban")
        verbose_name_plural = _("participation bans")
        constraints = (
            models.CheckConstraint(
                name="ban_is_on_a_person_or_an_organisation",
                condition=models.Q(user__isnull=False, organisation__isnull=True)
                | models.Q(user__isnull=True, organisation__isnull=False),
            ),
            models.CheckConstraint(
                name="ban_ends_after_it_begins", condition=models.Q(until_on__gte=models.F("from_on"))
            ),
        )

    def __str__(self) -> str:
        return f"{self.user or self.organisation}: {self.from_on} – {self.until_on}"


class Conflict(models.Model):
    """A declared conflict of interest of one person with another person or an organisation."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="conflicts")
    with_user = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="conflicts_of_others"
    )
    with_organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="conflicts_of_people"
    )
    reason = models.CharField(_("reason"), max_length=300)
    declared_at = models.DateTimeField(_("declared at"))

    class Meta:
        verbose_name = _("conflict of interest")
        verbose_name_plural = _("conflicts of interest")
        constraints = (
            models.CheckConstraint(
                name="conflict_is_with_a_person_or_an_organisation",
                condition=models.Q(with_user__isnull=False) | models.Q(with_organisation__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.user} – {self.with_user or self.with_organisation}"
