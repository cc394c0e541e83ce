"""Money is asked back."""

from datetime import datetime

from rdfast.people.models import User
from rdfast.settlement.models import Recovery
from rdfast.settlement.states import Origin


def open_(
    award_id: int, *, kind: str, amount: int, reason: str, at: datetime, origin: str = Origin.ADVANCES
) -> Recovery:
    raise NotImplementedError


def dismiss_upheld(recovery_id: int, *, conclusion: str, by: User, at: datetime) -> Recovery:
    raise NotImplementedError
