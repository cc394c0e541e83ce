"""temporary"""

from datetime import datetime

from rdfast.funding.models import Award
from rdfast.people.models import User
from rdfast.settlement.models import Recovery


def open_for_cause(award: Award, *, amount: int, reason: str, by: User, at: datetime) -> None:
    raise NotImplementedError


def dismiss_after_appeal(recovery: Recovery, *, reason: str, by: User, at: datetime) -> None:
    raise NotImplementedError
