"""Whom to tell, and what about: one place, so that a hand-over reads `tell(managers(...), ...)`."""

from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from rdfast.audit.models import Event
from rdfast.audit.queries import took_part
from rdfast.funding.models import Award
from rdfast.outbox import operations as outbox
from rdfast.people.models import User
from rdfast.people.queries import signatories_of, without_conflict
from rdfast.programmes.models import Appointment
from rdfast.programmes.queries import holders
from rdfast.proposals.models import Proposal
from rdfast.proposals.queries import applicants_of, who_said_no
from rdfast.proposals.states import UNANSWERED, State
from rdfast.timers.models import Timer

Role = Appointment.Role
# What was not dealt with is told again after so long, and what waits is looked at again.
TOLD_AGAIN = timedelta(days=7)


def tell(
    people: list[User],
    template: str,
    *,
    event: Event,
    at: datetime,
    warns_of: Timer | None = None,
    **context: Any,
) -> None:
    """Write `templates/mail/<template>.txt` to these people, in this transaction."""
    outbox.tell(people, template, context, event=event, at=at, warns_of=warns_of)


def managers(proposal: Proposal) -> list[User]:
    """The programme's managers and deputies."""
    return _serving(proposal, Role.MANAGER, Role.DEPUTY)


def heads(proposal: Proposal) -> list[User]:
    """The heads of the programme."""
    return _serving(proposal, Role.HEAD)


def answerers(proposal: Proposal) -> list[User]:
    """Those who may answer the proposal as it stands: managers or second approvers, and the head once it was passed on."""
    if proposal.state not in UNANSWERED or proposal.waits_since is not None:
        return []
    is_recommended = proposal.state == State.RECOMMENDED
    roles = [Role.SECOND_APPROVER] if is_recommended else [Role.MANAGER, Role.DEPUTY]
    if proposal.escalated_at is not None:
        roles.append(Role.HEAD)
    barred = {proposal.recommended_by_id} | who_said_no(proposal)
    return [user for user in _serving(proposal, *roles) if user.pk not in barred]


def second_approvers(proposal: Proposal, *, other_than: User | None) -> list[User]:
    """The second approvers, without the person who gave the first approval."""
    return [user for user in _serving(proposal, Role.SECOND_APPROVER) if user != other_than]


def finance_officers(proposal: Proposal) -> list[User]:
    """The programme's finance officers."""
    return _serving(proposal, Role.FINANCE)


def committee(proposal: Proposal) -> list[User]:
    """Committee members who took no part in the proposal's story: they judge disputes about it."""
    members = _serving(proposal, Role.COMMITTEE)
    return [user for user in members if not took_part(user, proposal.pk)]


def pi(proposal: Proposal) -> list[User]:
    """The principal investigator; once that person has left, those who sign for the organisation."""
    if proposal.pi.is_active:
        return [proposal.pi]
    return signatories(proposal) or [proposal.pi]


def signatories(of: Proposal | Award) -> list[User]:
    """Those who sign for the organisation of the proposal or award."""
    return list(signatories_of(of.organisation_id))


def administrators() -> list[User]:
    """Those who look after the installation."""
    return list(User.objects.filter(is_staff=True, is_active=True))


def together(*groups: list[User]) -> list[User]:
    """All of them, each once."""
    return list({user.pk: user for user in chain(*groups)}.values())


def _serving(proposal: Proposal, *roles: str) -> list[User]:
    """Those who serve in the role and have no conflict of interest with the proposal."""
    serving = without_conflict(
        holders(proposal.call.programme_id, *roles),
        applicants=applicants_of(proposal),
        organisation_id=proposal.organisation_id or 0,
    )
    return list(serving)
