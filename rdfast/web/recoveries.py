"""What every face shows of a recovery."""

from typing import Any

from django.conf import settings

from rdfast.settlement import queries
from rdfast.settlement.models import Recovery
from rdfast.timers.kinds import Kind

# The deadlines of a recovery, one of which is always next.
CLOCKS = (Kind.CONTEST, Kind.DETERMINE, Kind.DEMAND, Kind.PAY, Kind.DUN, Kind.REFER)


def shown(recovery: Recovery) -> dict[str, Any]:
    """The recovery, its money, its instalments and what came in."""
    repayments = list(recovery.repayments.select_related("recorded_by"))
    return {
        "recovery": recovery,
        "award": recovery.award,
        "owed": queries.owed(recovery),
        "received": sum(each.matched for each in repayments),
        "plan": queries.plan_of(recovery),
        "repayments": repayments,
        "to_give_back": [each for each in repayments if each.unmatched and not queries.is_given_back(each)],
        "pay_to": settings.REPAYMENT_ACCOUNT,
    }
