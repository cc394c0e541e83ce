"""What every page needs: the time, the way round for this person, and the demo's controls."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from rdfast.people.models import User
from rdfast.programmes.queries import roles_of
from rdfast.proposals.rules import may_propose
from rdfast.reviews import queries as reviews
from rdfast.reviews.states import PENDING
from rdfast.timers import clock

_DECIDERS = {"manager", "deputy", "head", "second_approver"}
# Who finds which page in the navigation, in its order.
_BY_ROLE: list[tuple[set[str], str, Promise]] = [
    (_DECIDERS, "manager:inbox", _("To decide")),
    (_DECIDERS, "manager:awards", _("Awards")),
    ({"finance"}, "finance:inbox", _("Payments and accounts")),
    ({"head"}, "finance:samples", _("Audit samples")),
    ({"reviewer"}, "reviewer:inbox", _("Reviews")),
    ({"committee"}, "committee:inbox", _("Disputes")),
    ({"auditor"}, "auditor:events", _("Audit")),
    ({*_DECIDERS, "finance", "auditor"}, "programme:home", _("Programmes")),
]


@dataclass(frozen=True)
class Entry:
    """One entry of the navigation."""

    url: str
    words: str | Promise
    current: bool = False


def every_page(request: HttpRequest) -> dict[str, Any]:
    """Context processor. Nothing of the navigation is asked of the database until a page shows it."""
    return {
        "demo": settings.DEMO,
        "now": clock.now(),
        "navigation": SimpleLazyObject(lambda: navigation(request.user, path=request.path)),
        "demo_accounts": SimpleLazyObject(demo_accounts),
    }


def navigation(user: User | AnonymousUser, *, path: str) -> list[Entry]:
    """Where this person may go, in two queries at most; the entry nearest to `path` is the current one."""
    places = [(reverse(name), words) for name, words in _places(user)]
    here = max((url for url, _words in places if path.startswith(url)), key=len, default="")
    return [Entry(url, words, current=url == here) for url, words in places]


def _places(user: User | AnonymousUser) -> list[tuple[str, Promise]]:
    if not isinstance(user, User):
        return [("calls", _("Calls")), ("speed", _("Speed"))]
    places: list[tuple[str, Promise]] = [("researcher:home", _("My work"))] if is_researcher(user) else []
    places.append(("calls", _("Calls")))
    roles = roles_of(user)
    places += [(name, words) for those, name, words in _BY_ROLE if roles & those]
    places.append(("messages", _("Notices")))
    if user.is_staff:
        places.append(("admin:index", _("Administration")))
    return places


def is_researcher(user: User) -> bool:
    """Whether the person belongs to an organisation that may apply."""
    return may_propose(user)


def start_page(user: User) -> str:
    """The name of the page a person begins the day with: what waits for them comes first."""
    roles = roles_of(user)
    if roles & _DECIDERS:
        return "manager:inbox"
    if "finance" in roles:
        return "finance:inbox"
    if "committee" in roles:
        return "committee:inbox"
    if "auditor" in roles:
        return "auditor:events"
    if "reviewer" in roles and reviews.own(user).filter(state__in=PENDING).exists():
        return "reviewer:inbox"
    if is_researcher(user):
        return "researcher:home"
    if "reviewer" in roles:
        return "reviewer:inbox"
    return "admin:index" if user.is_staff else "calls"


@dataclass(frozen=True)
class DemoAccount:
    """Somebody one can act as in a demo, and in which role."""

    email: str
    name: str
    role: str


def demo_accounts() -> list[DemoAccount]:
    """The people one can act as in a demo."""
    if not settings.DEMO:
        return []
    people = User.objects.filter(is_active=True).prefetch_related("appointments").order_by("pk")[:50]
    return [DemoAccount(person.email, person.name, _role_of(person)) for person in people]


def _role_of(person: User) -> str:
    roles = [appointment.get_role_display() for appointment in person.appointments.all()]
    if person.is_signatory:
        roles.append(str(_("Signatory")))
    if person.is_staff:
        roles.append(str(_("Administrator")))
    return ", ".join(roles) or str(_("Researcher"))
