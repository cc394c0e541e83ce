"""Reads of awards and tranches, and the exposure they add up to."""

from datetime import date, timedelta

from django.db import connection
from django.db.models import F, Q, QuerySet, Sum

from rdfast.core.once import once_a_page
from rdfast.funding.models import Award, Bounce, Motion, NewAccount, Payment, Tranche
from rdfast.funding.states import (
    BINDING,
    ENDED,
    PAID,
    RUNNING,
    UNCONFIRMED,
    UNPAID,
    MotionState,
    TrancheState,
)
from rdfast.ledger import queries as ledger
from rdfast.people.models import User
from rdfast.programmes.models import Appointment, Envelope
from rdfast.programmes.relations import Relation
from rdfast.proposals import queries as proposals

Role = Appointment.Role


def relations(award: Award, user: User) -> frozenset[Relation]:
    """How the person stands to the award: as to its proposal."""
    return proposals.relations(award.proposal, user)


def on_applicant_side(user: User) -> QuerySet[Award]:
    """Awards that the person leads or signs for, newest first."""
    mine = Q(pi=user)
    if user.is_signatory and user.organisation_id:
        mine |= Q(organisation=user.organisation_id)
    return _with_names(Award.objects.filter(mine))


def readable_by_agency(user: User, *roles: str) -> QuerySet[Award]:
    """Awards of the programmes that the person serves, without what a conflict of interest hides."""
    return _with_names(
        Award.objects.filter(proposal__in=proposals.readable_by_agency(user, *roles).values("pk"))
    )


def _with_names(awards: QuerySet[Award]) -> QuerySet[Award]:
    return awards.select_related(
        "proposal__call__programme", "envelope__programme", "policy", "organisation", "pi"
    ).order_by("-pk")


def provisional_awards_of(pi: User) -> int:
    """How many awards that are not confirmed yet the person leads."""
    return Award.objects.filter(pi=pi, state__in=UNCONFIRMED).count()


def projects_led_by(pi: User) -> int:
    """How many offered or running awards the person leads."""
    return Award.objects.filter(pi=pi, state__in=BINDING).count()


def running_projects_of(person: User) -> int:
    """How many running awards the person takes part in, leading or not.

    Two indexes answer it together; asked with OR, PostgreSQL reads every award there is.
    """
    running = Award.objects.filter(state__in=BINDING).values("pk")
    return len(running.filter(pi=person).union(running.filter(proposal__team__user=person)))


def tranches_readable(user: User, *roles: str) -> QuerySet[Tranche]:
    """Tranches of the awards that the person may read for the agency."""
    return Tranche.objects.filter(award__in=readable_by_agency(user, *roles).values("pk")).select_related(
        "award__proposal__call__programme",
        "award__envelope__programme",
        "award__policy",
        "award__organisation",
        "award__pi",
        "approved_by",
        "released_by",
    )


def tranches_waiting(user: User, state: TrancheState, *roles: str) -> QuerySet[Tranche]:
    """Tranches in this state that wait for the person, the longest waiting first."""
    return tranches_readable(user, *roles).filter(state=state).order_by("pk")


def paid_before(tranche: Tranche) -> int:
    """What earlier tranches of the award have paid."""
    return _earlier(tranche).filter(state__in=PAID).aggregate(total=Sum("amount"))["total"] or 0


def unpaid_before(tranche: Tranche) -> int:
    """How many earlier tranches of the award are still to be paid."""
    return _earlier(tranche).filter(state__in=UNPAID).count()


def _earlier(tranche: Tranche) -> QuerySet[Tranche]:
    """Those before it, but for its other part where two years' envelopes share one payment."""
    same_gate = (
        Q(after_milestone__isnull=True)
        if tranche.after_milestone is None
        else Q(after_milestone=tranche.after_milestone)
    )
    before = tranche.award.tranches.filter(number__lt=tranche.number)
    return before.exclude(same_gate & ~Q(envelope=tranche.envelope_id))


def paid_or_bounced(award: Award) -> int:
    """What was paid, and what is to be paid again once there is an account: it stays whatever is agreed anew."""
    gone = award.tranches.filter(state__in=[*PAID, TrancheState.BOUNCED])
    return gone.aggregate(total=Sum("amount"))["total"] or 0


def by_envelope(award: Award, state: TrancheState) -> dict[int, int]:
    """What the award's payments in this state are over, by the envelope that gives each."""
    there = award.tranches.filter(state=state).order_by()
    return dict(there.values_list("envelope").annotate(Sum("amount")))


def on_its_way(award: Award) -> dict[int, int]:
    """What the bank has not confirmed yet, by envelope: it may still come back, and nothing else is taken out of it."""
    return by_envelope(award, TrancheState.RELEASED)


def is_paid_after(award: Award, milestone: int | None) -> bool:
    """Whether the payment that follows this milestone (None: the signature) was made already."""
    gate = Q(after_milestone__isnull=True) if milestone is None else Q(after_milestone=milestone)
    return award.tranches.filter(gate, state__in=[*PAID, TrancheState.BOUNCED]).exists()


def paid_total(award: Award) -> int:
    """What was paid, confirmed by the bank or not yet."""
    return award.tranches.filter(state__in=PAID).aggregate(total=Sum("amount"))["total"] or 0


def settled_total(award: Award) -> int:
    """What the bank has confirmed as paid."""
    settled = award.tranches.filter(state=TrancheState.SETTLED)
    return settled.aggregate(total=Sum("amount"))["total"] or 0


def payments_of(award: Award) -> QuerySet[Payment]:
    """The payments of the award, oldest first."""
    return Payment.objects.filter(tranche__award=award).select_related("released_by").order_by("pk")


def bounced_payable(award: Award) -> list[Tranche]:
    """Bounced payments for which an account was given after the bounce, and checked, in their order."""
    last = award.new_accounts.filter(checked_at__isnull=False).order_by("-given_at").first()
    if last is None:
        return []
    return [
        tranche
        for tranche in award.tranches.filter(state=TrancheState.BOUNCED).order_by("number")
        if Bounce.objects.filter(
            payment__tranche=tranche, payment__attempt=tranche.attempt, at__lte=last.given_at
        ).exists()
    ]


def accounts_readable(user: User, *roles: str) -> QuerySet[NewAccount]:
    """Accounts given for awards that the person may read for the agency."""
    awards = readable_by_agency(user, *roles).order_by()
    return NewAccount.objects.filter(award__in=awards.values("pk")).select_related(
        "award__proposal__call__programme",
        "award__policy",
        "award__organisation",
        "award__pi",
        "given_by",
        "checked_by",
    )


def accounts_waiting(user: User) -> QuerySet[NewAccount]:
    """Accounts that wait for this finance officer's check, the longest waiting first."""
    waiting = accounts_readable(user, Role.FINANCE).filter(checked_at__isnull=True, award__state__in=RUNNING)
    return waiting.exclude(given_by=user).order_by("given_at", "pk")


def awards_to_close(user: User) -> QuerySet[Award]:
    """Ended awards that wait to be closed by this finance officer, the first to end on top."""
    return readable_by_agency(user, Role.FINANCE).filter(state__in=ENDED).order_by("ended_at", "pk")


def exposure(awards: QuerySet[Award], *, today: date, days: int) -> int:
    """What these awards put at risk: advances, and unpaid tranches expected within `days`."""
    soon = Tranche.objects.filter(
        award__in=awards.filter(state__in=BINDING).values("pk"),
        state__in=UNPAID,
        expected_on__lte=today + timedelta(days=days),
    )
    expected: int = soon.aggregate(total=Sum("amount"))["total"] or 0
    return ledger.advances_of(awards.order_by().values("pk")) + expected


def exposure_in(envelope_id: int, *, organisation_id: int | None, today: date, days: int) -> tuple[int, int]:
    """`exposure` of all awards of the envelope, and of those to the organisation, in two round trips."""
    theirs = Q(award__organisation=organisation_id)
    soon = Tranche.objects.filter(
        envelope=envelope_id,
        award__state__in=BINDING,
        state__in=UNPAID,
        expected_on__lte=today + timedelta(days=days),
    ).aggregate(everyone=Sum("amount"), theirs=Sum("amount", filter=theirs))
    of_them = Award.objects.filter(organisation=organisation_id)
    advances, their_advances = ledger.advances_in(envelope_id, award_ids=of_them.values("pk"))
    return advances + (soon["everyone"] or 0), their_advances + (soon["theirs"] or 0)


def at_risk_by_organisation(envelope_id: int, *, until: date, most: int) -> list[tuple[int, int]]:
    """(organisation, amount) of those with the most at risk: advances, and unpaid tranches expected until that day."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT organisation_id, sum(amount)::bigint FROM (
                SELECT a.organisation_id, b.balance AS amount FROM ledger_box b
                JOIN funding_award a ON a.id = b.award_id WHERE b.envelope_id = %s AND b.kind = 'advances'
                UNION ALL
                SELECT a.organisation_id, t.amount FROM funding_tranche t JOIN funding_award a ON a.id = t.award_id
                WHERE t.envelope_id = %s AND t.state = ANY(%s) AND a.state = ANY(%s) AND t.expected_on <= %s
            ) exposed GROUP BY 1 HAVING sum(amount) > 0 ORDER BY 2 DESC, 1 LIMIT %s
            """,
            [envelope_id, envelope_id, sorted(UNPAID), sorted(BINDING), until, most],
        )
        found: list[tuple[int, int]] = cursor.fetchall()
    return found


def unconfirmed_rests(programme_id: int) -> int:
    """What the programme's unconfirmed awards asked for and were not granted yet."""
    unconfirmed = Award.objects.filter(envelope__programme=programme_id, state__in=UNCONFIRMED)
    return unconfirmed.aggregate(rests=Sum(F("asked_amount") - F("amount")))["rests"] or 0


def motions_readable(user: User, *roles: str) -> QuerySet[Motion]:
    """Motions about awards that the person may read for the agency, the newest first."""
    awards = readable_by_agency(user, *roles)
    return (
        Motion.objects.filter(award__in=awards.values("pk"))
        .select_related(
            "award__proposal__call__programme",
            "award__policy",
            "award__organisation",
            "award__pi",
            "award__envelope",
            "envelope",
            "proposed_by",
            "decided_by",
        )
        .order_by("-pk")
    )


def motions_waiting(user: User) -> QuerySet[Motion]:
    """Motions that wait for this person's signature, the longest waiting first."""
    waiting = Motion.objects.filter(state=MotionState.PROPOSED).exclude(proposed_by=user)
    seconded = motions_readable(user, Role.SECOND_APPROVER)
    late = motions_readable(user, Role.HEAD).filter(escalated_at__isnull=False)
    mine = Q(pk__in=seconded.values("pk")) | Q(pk__in=late.values("pk"))
    return (
        waiting.filter(mine)
        .select_related("award__proposal__call__programme", "award__organisation", "award__pi", "proposed_by")
        .order_by("pk")
    )


def motions_of(award: Award) -> QuerySet[Motion]:
    """Every motion about the award, the newest first."""
    return Motion.objects.filter(award=award).select_related("proposed_by", "decided_by").order_by("-pk")


def envelopes_for(award: Award, *, today: date) -> QuerySet[Envelope]:
    """The envelopes that may give an award more: its own, and those up to the next fiscal year's."""
    years = (award.envelope.year, today.year + 1)
    theirs = Envelope.objects.filter(programme=award.envelope.programme_id, year__range=years)
    return theirs.select_related("programme").order_by("year")


@once_a_page
def motion_in_hand(award: Award) -> Motion | None:
    """The motion that waits for its second signature, if there is one."""
    return (
        Motion.objects.filter(award=award, state=MotionState.PROPOSED).select_related("proposed_by").first()
    )
