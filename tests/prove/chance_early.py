"""Every operation of the first half, taken at random: proposals, agreements, payments, milestones, reviews."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from rdfast.core.refusals import RuleBroken
from rdfast.flow import evaluating, granting, paying, performing, signing, submitting
from rdfast.flow.telling import signatories
from rdfast.funding.models import Award, NewAccount, Tranche
from rdfast.funding.operations import PaymentAccount
from rdfast.milestones.models import Milestone
from rdfast.milestones.states import EVALUATED
from rdfast.people import operations as people
from rdfast.people.models import User
from rdfast.proposals import operations as proposals
from rdfast.proposals.models import Proposal
from rdfast.proposals.queries import has_said_no
from rdfast.reviews import queries as reviews
from rdfast.reviews.models import Finding, Review
from tests import make
from tests.prove.chance import Chance, NothingThere, NotRefused

# So many unanswered drafts and proposals are enough: the others are for what comes later.
ENOUGH = 8


def _soon(c: Chance) -> list[make.Planned]:
    """Milestones so near that the world sees them."""
    first, second = (c.at + timedelta(days=20)).date(), (c.at + timedelta(days=50)).date()
    return [
        make.Planned("First", "It works", first, 40),
        make.Planned("Second", "It lasts", second, 60),
    ]


def draft(c: Chance) -> None:
    if len(c.rows(Proposal).get("draft", [])) > ENOUGH:
        c.seldom(0.1)
    pi = c.coin.choice(c.pis)
    provisional = c.coin.choice([20_000_000, 60_000_000, 60_000_000, 105_000_000, 105_000_000, 900_000_000])
    make.draft(
        c.w, by=pi, at=c.at, provisional=provisional, milestones=_soon(c), organisation=pi.organisation
    )


def save(c: Chance) -> None:
    proposal = c.row(Proposal, "draft", "returned")
    revision = proposal.revision - c.coin.choice([0, 0, 0, 1])
    provisional = c.coin.choice([60_000_000, 105_000_000])
    content = make.content(
        c.w,
        at=c.at,
        provisional=provisional,
        milestones=_soon(c),
        organisation=proposal.pi.organisation,
    )
    proposals.save(proposal.pk, content, revision=revision, by=c.someone(proposal.pi), at=c.at)


def submit(c: Chance) -> None:
    proposal = c.row(Proposal, "draft")
    if proposal.planned_milestones.filter(due_on__lte=c.at.date()).exists():
        c.seldom(0.1)
    submitting.submit(proposal.pk, by=c.someone(proposal.pi), at=c.at)


def resubmit(c: Chance) -> None:
    proposal = c.row(Proposal, "returned")
    submitting.submit(proposal.pk, by=c.someone(proposal.pi), at=c.at)


def withdraw(c: Chance) -> None:
    c.seldom(0.4)
    proposal = c.row(Proposal, "draft", "submitted", "returned", "recommended", "reopened")
    submitting.withdraw(proposal.pk, by=c.someone(proposal.pi), at=c.at)


def approve(c: Chance) -> None:
    proposal = c.row(Proposal, "submitted")
    granting.approve(
        proposal.pk,
        amount=proposal.asked_provisional + c.coin.choice([0, 0, 0, 0, 0, 0, 0, 1]),
        reason="yes",
        by=c.someone(*c.stage.managers, c.w.doyun),
        at=c.at,
    )


def second(c: Chance) -> None:
    proposal = c.row(Proposal, "recommended")
    decide = c.coin.choice([granting.approve_second, granting.approve_second, granting.refuse_second])
    decide(proposal.pk, reason="second", by=c.someone(c.w.yuna, c.w.doyun), at=c.at)


def answer(c: Chance) -> None:
    c.seldom()
    proposal = c.row(Proposal, "submitted")
    decide = c.coin.choice([granting.give_back, granting.decline, granting.route])
    decide(proposal.pk, reason=c.coin.choice(["no", "no", " "]), by=c.someone(*c.stage.managers), at=c.at)


def answer_reopened(c: Chance) -> None:
    proposal = c.row(Proposal, "reopened")
    others = [each for each in c.stage.managers if not has_said_no(proposal, each)]
    by = c.someone(*others, c.w.doyun)
    if c.coin.random() < 0.6:
        granting.approve(proposal.pk, amount=proposal.asked_provisional, reason="yes", by=by, at=c.at)
    else:
        c.coin.choice([granting.decline, granting.route])(proposal.pk, reason="no", by=by, at=c.at)


def reassign(c: Chance) -> None:
    proposal = c.row(Proposal, "submitted", "reopened")
    if proposal.escalated_at is None:
        c.seldom(0.1)
    granting.reassign(
        proposal.pk, c.coin.choice(c.stage.managers), reason="please", by=c.someone(c.w.doyun), at=c.at
    )


def sign(c: Chance) -> None:
    award = c.row(Award, "offered")
    text = signing.agreement_text(award, at=c.at) + c.coin.choice(["", "", "", "and more"])
    sha256 = signing.agreement_hash(text)
    signing.sign(award.pk, sha256=sha256, account=make.ACCOUNT, by=c.someone(*signatories(award)), at=c.at)


def refuse(c: Chance) -> None:
    c.seldom(0.3)
    award = c.row(Award, "offered")
    signing.refuse(award.pk, reason="no", by=c.someone(*signatories(award)), at=c.at)


def approve_tranche(c: Chance) -> None:
    paying.approve(c.row(Tranche, "ready").pk, by=c.someone(*c.stage.managers), at=c.at)


def release(c: Chance) -> None:
    paying.release(c.row(Tranche, "approved").pk, by=c.someone(c.w.finn), at=c.at)


def settle(c: Chance) -> None:
    paying.settle(c.row(Tranche, "released").pk, by=c.someone(c.w.finn), at=c.at)


def bounce(c: Chance) -> None:
    paying.bounce(c.row(Tranche, "released").pk, reason="closed", by=c.someone(c.w.finn), at=c.at)


def give_account(c: Chance) -> None:
    c.seldom(0.5)
    award = c.row(Tranche, "bounced").award
    account = PaymentAccount("한국은행", "1-2-3", "기관")
    paying.give_account(award.pk, account=account, by=c.someone(*signatories(award)), at=c.at)


def check_account(c: Chance) -> None:
    account = c.one_of(NewAccount.objects.filter(checked_at=None))
    paying.check_account(account.pk, by=c.someone(c.w.finn), at=c.at)


def report(c: Chance) -> None:
    milestone = c.row(Milestone, "open", "overdue", "conditional")
    c.seldom()
    performing.report(milestone.pk, text="done", files=[], by=c.someone(milestone.award.pi), at=c.at)


def leave(c: Chance) -> None:
    milestone = c.row(Milestone, "missed")
    until = (c.at + timedelta(days=c.coin.choice([-1, 5, 30]))).date()
    performing.give_leave(milestone.pk, until=until, reason="ill", by=c.someone(*c.stage.managers), at=c.at)


def report_late(c: Chance) -> None:
    milestone = c.row(Milestone, "missed")
    performing.report(milestone.pk, text="late", files=[], by=c.someone(milestone.award.pi), at=c.at)


def _spoken(c: Chance) -> Milestone | None:
    """Often a milestone whose panel has spoken and whose finding waits for the manager, if there is one."""
    if c.coin.random() < 0.5:
        return None
    waiting = Finding.objects.filter(confirmed_at=None, milestone__state__in=EVALUATED)
    try:
        milestone: Milestone = c.one_of(waiting).milestone
    except NothingThere:
        return None
    c.met = f"milestone {milestone.state}, finding waits"
    return milestone


def invite(c: Chance) -> None:
    milestone = _spoken(c) or c.row(Milestone, "open", "overdue", "reported", "under_review")
    reviewer = reviews.candidates(milestone).first() or c.someone()
    review = evaluating.invite(milestone.pk, c.someone(reviewer), by=c.someone(*c.stage.managers), at=c.at)
    if Finding.objects.filter(milestone=milestone, round=review.round).exists():
        raise NotRefused("a reviewer was invited after the panel had spoken")


def answer_invitation(c: Chance) -> None:
    review = c.row(Review, "invited")
    by = c.someone(review.reviewer)
    if c.coin.random() < 0.85:
        evaluating.accept(review.pk, by=by, at=c.at)
    else:
        evaluating.decline(review.pk, reason="busy", by=by, at=c.at)


def give_up_review(c: Chance) -> None:
    c.seldom(0.3)
    review = c.row(Review, "invited", "accepted")
    by = c.someone(review.reviewer)
    if c.coin.random() < 0.7:
        evaluating.decline(review.pk, reason="ill", by=by, at=c.at)
    else:
        evaluating.recuse(review.pk, reason="we published together", by=by, at=c.a_moment_later)


def deliver(c: Chance) -> None:
    review = c.row(Review, "accepted")
    if review.milestone.state not in EVALUATED:
        c.seldom(0.1)
    _deliver(c, review, by=c.someone(review.reviewer))


def _deliver(c: Chance, review: Review, *, by: User) -> None:
    scores = {name: c.coin.randint(1, 5) for name in ("reached", "evidence", "worth", "money")}
    grade = c.coin.choice(["passed", "passed", "passed", "conditional", "failed"])
    evaluating.deliver(review.pk, scores=scores, grade=grade, comments="seen", by=by, at=c.at)


def confirm(c: Chance) -> None:
    waiting = Finding.objects.filter(confirmed_at=None)
    finding = c.one_of(waiting if c.coin.random() < 0.95 else Finding.objects.all())
    evaluating.confirm(finding.pk, reason="", by=c.someone(*c.stage.managers, c.w.doyun), at=c.at)


def declare_conflict(c: Chance) -> None:
    """Mostly somebody who has taken a review on finds out that it is a friend's, and delivers it no more."""
    c.seldom(0.15)
    review = c.row(Review, "accepted")
    who, friend = c.someone(review.reviewer), c.someone(review.milestone.award.pi)
    people.declare_conflict(who, with_user=friend, with_organisation=None, reason="kin", at=c.a_moment_later)
    if friend != review.milestone.award.pi:
        return
    with suppress(RuleBroken):
        _deliver(c, review, by=who)
        raise NotRefused("a review was delivered against a conflict of interest")


EARLY: list[Callable[[Chance], None]] = [
    draft, draft, save, submit, submit, resubmit, withdraw, approve, approve, second, second, answer,
    answer_reopened, answer_reopened, reassign, sign, sign, refuse, approve_tranche, approve_tranche, release,
    release, settle, settle, bounce, give_account, check_account, report, report, leave, report_late, invite,
    answer_invitation, answer_invitation, answer_invitation, give_up_review, deliver, deliver, deliver, confirm,
    confirm, declare_conflict,
]  # fmt: skip
