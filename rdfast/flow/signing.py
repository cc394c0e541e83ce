"""An offered award is signed, refused, or lapses."""

import hashlib
from datetime import datetime

from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from rdfast.audit.queries import last_of
from rdfast.core import boundaries
from rdfast.core.refusals import ensure
from rdfast.flow import confirming, paying, performing, planning
from rdfast.flow.telling import managers, pi, signatories, tell, together
from rdfast.funding import operations as funding
from rdfast.funding.models import Award
from rdfast.funding.operations import PaymentAccount
from rdfast.milestones import operations as milestones
from rdfast.milestones.queries import days_if_signed
from rdfast.milestones.states import State as MilestoneState
from rdfast.people.models import User
from rdfast.people.queries import bans_on
from rdfast.settlement import queries as settlement
from rdfast.timers import operations as timers


def agreement_text(award: Award, *, at: datetime) -> str:
    """The agreement as it is if signed at `at`, in Korean and then in English: its days are those that then apply."""
    context = {
        "award": award,
        "proposal": award.proposal,
        "call": award.proposal.call,
        "terms": award.policy.terms,
        "tranches": list(award.tranches.order_by("number")),
        "milestones": days_if_signed(award, at=at),
    }
    texts = []
    for language in ("ko", "en"):
        with translation.override(language):
            texts.append(render_to_string("agreements/provisional.txt", context).strip())
    return "\n\n".join(texts) + "\n"


def agreement_hash(text: str) -> str:
    """The SHA-256 of the text, as hex."""
    return hashlib.sha256(text.encode()).hexdigest()


@boundaries.commit
def sign(award_id: int, *, sha256: str, account: PaymentAccount, by: User, at: datetime) -> Award:
    """Signed, therefore: money is obligated, milestones get their clocks, the first tranche becomes ready.

    `sha256` is of the text the signer read. Raises AgreementChanged when it is another one, also because the day has
    changed meanwhile and with it the days of the milestones.
    """
    award = funding.lock_award(award_id)
    barred = bans_on(award.pi, award.organisation_id, timezone.localdate(at)).exists()
    ensure(
        not barred, _("A participation ban stands against the organisation or the principal investigator.")
    )
    ensure(
        not settlement.unpaid_against(award.pi, award.organisation_id),
        _(
            "A recovery against the organisation or the principal investigator is not paid yet. Sign once it is paid."
        ),
    )
    award = funding.sign(
        award_id, text=agreement_text(award, at=at), sha256=sha256, account=account, by=by, at=at
    )
    timers.cancel(of=award, at=at)
    settled = milestones.settle_due_days(award, by=by, at=at)
    funding.expect(award, {milestone.number: milestone.due_on for milestone in settled})
    for milestone in settled:
        performing.expect(milestone, at=at)
    people = together(pi(award.proposal), signatories(award), managers(award.proposal))
    tell(people, "award_signed", event=last_of(award), at=at, award=award, proposal=award.proposal)
    planning.ask(award, by=by, at=at)
    confirming.expect(award, at=at)
    paying.consider(award, at=at)
    return award


@boundaries.commit
def refuse(award_id: int, *, reason: str, by: User, at: datetime) -> Award:
    """The organisation or the PI does not want the award."""
    award = funding.refuse(award_id, reason=reason, by=by, at=at)
    _end(award, "award_refused", by=by, at=at)
    return award


def lapse(award: Award, *, at: datetime) -> None:
    """The clock: nobody signed in time."""
    _end(funding.lapse(award.pk, at=at), "award_lapsed", by=None, at=at)


def _end(award: Award, template: str, *, by: User | None, at: datetime) -> None:
    event = last_of(award)
    milestones.supersede(award, [MilestoneState.PLANNED], by=by, at=at)
    timers.cancel(of=award, at=at)
    people = together(pi(award.proposal), signatories(award), managers(award.proposal))
    tell(people, template, event=event, at=at, award=award, proposal=award.proposal)
