"""Awards, the tranches in which their money goes out, and motions about them."""

from rdfast.funding.models.award import Agreement, Award
from rdfast.funding.models.motion import Motion
from rdfast.funding.models.tranche import Bounce, NewAccount, Payment, Tranche

__all__ = ["Agreement", "Award", "Bounce", "Motion", "NewAccount", "Payment", "Tranche"]
