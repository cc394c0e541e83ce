"""One proposal and its people, with a verb for each thing they do: the real operations, nothing else."""

from datetime import datetime, timedelta
from uuid import uuid4

from django.db.models import Q

from rdfast.flow import accounting, evaluating, granting, paying, performing, signing, submitting
from rdfast.funding.models import Award, Tranche
from rdfast.funding.operations import PaymentAccount
from rdfast.local.demo.cast import Stage
from rdfast.local.demo.texts import Text
from rdfast.milestones.models import Milestone
from rdfast.people.models import User
from rdfast.programmes.models import BudgetCategory
from rdfast.proposals import operations as proposals
from rdfast.proposals.models import Proposal
from rdfast.proposals.operations import Content, Member, Planned
from rdfast.reviews.models import Finding, Review
from rdfast.settlement import operations as settlement
from rdfast.settlement.models import Claim
from rdfast.settlement.operations import Line, Verdict

# How the whole cost is spread over the categories, in percent.
_SPREAD = {"personnel": 45, "student-personnel": 10, "materials": 25, "activities": 8, "indirect": 12}
FIRST_MILESTONE, SECOND_MILESTONE = timedelta(days=60), timedelta(days=170)


class Play:
    """What happens to one proposal; every verb takes the time at which it happens."""

    def __init__(self, stage: Stage, text: Text, pi: User) -> None:
        self.stage = stage
        self.text = text
        self.pi = pi
        self.proposal_id = 0

    @property
    def proposal(self) -> Proposal:
        return Proposal.objects.get(pk=self.proposal_id)

    @property
    def award(self) -> Award:
        return Award.objects.get(proposal=self.proposal_id)

    def tranche(self, number: int) -> Tranche:
        return self.award.tranches.get(number=number)

    def milestone(self, number: int) -> Milestone:
        return self.award.milestones.get(number=number)

    def official(self, name: str) -> User:
        return self.stage.people[name]

    def draft(self, at: datetime) -> None:
        """The PI writes the proposal."""
        proposal = proposals.start(self.stage.call, by=self.pi, at=at, once=uuid4())
        self.proposal_id = proposal.pk
        proposals.save(proposal.pk, self._content(at), revision=0, by=self.pi, at=at)

    def submit(self, at: datetime) -> None:
        """The PI writes the proposal and hands it in."""
        self.draft(at)
        submitting.submit(self.proposal_id, by=self.pi, at=at)

    def _content(self, at: datetime) -> Content:
        text = self.text
        own = text.total // 10
        cost = text.total + own
        return Content(
            organisation=self.stage.organisations[text.organisation],
            topic=self.stage.topics[text.topic],
            title_ko=text.title_ko,
            title_en=text.title_en,
            abstract_ko=text.abstract_ko,
            abstract_en=text.abstract_en,
            aim=text.aim,
            asked_amount=text.total,
            asked_provisional=text.provisional,
            own_cash=own // 2,
            own_kind=own - own // 2,
            team=[
                Member("이하람", "실험 / Experiments", 60),
                Member("Priya Nair", "분석 / Analysis", 40),
            ],
            budget=_budget(cost),
            milestones=[
                Planned(*text.first, (at + FIRST_MILESTONE).date(), 40),
                Planned(*text.second, (at + SECOND_MILESTONE).date(), 60),
            ],
        )

    def approve(self, at: datetime) -> None:
        """The manager says yes."""
        reason = "목표와 판정기준이 분명하고, 실패하더라도 배울 것이 큰 과제입니다."
        granting.approve(
            self.proposal_id, amount=self.text.provisional, reason=reason, by=self.official("manager"), at=at
        )

    def approve_second(self, at: datetime) -> None:
        """The second approver says yes."""
        granting.approve_second(
            self.proposal_id, reason="위험 대비 금액이 적절합니다.", by=self.official("second"), at=at
        )

    def give_back(self, at: datetime) -> None:
        """The manager asks for what is missing."""
        reason = "두 번째 단계목표의 판정기준을 측정할 수 있게 적어 주십시오."
        granting.give_back(self.proposal_id, reason=reason, by=self.official("manager"), at=at)

    def decline(self, at: datetime) -> None:
        """The manager says no."""
        reason = "같은 목적의 서비스가 이미 운영되고 있어, 그와의 차이를 더 밝혀야 합니다."
        granting.decline(self.proposal_id, reason=reason, by=self.official("manager"), at=at)

    def route(self, at: datetime) -> None:
        """The manager passes it to the standard track."""
        reason = "기초연구 성격이 강하여 일반 공모 절차가 적합합니다."
        granting.route(self.proposal_id, reason=reason, by=self.official("manager"), at=at)

    def withdraw(self, at: datetime) -> None:
        """The PI takes it back."""
        submitting.withdraw(self.proposal_id, by=self.pi, at=at)

    def sign(self, at: datetime) -> None:
        """The signatory signs for the organisation."""
        award = self.award
        signer = User.objects.get(organisation=award.organisation, is_signatory=True)
        account = PaymentAccount("한국은행", "301-0123-4567-81", award.organisation.name_ko)
        sha256 = signing.agreement_hash(signing.agreement_text(award, at=at))
        signing.sign(award.pk, sha256=sha256, account=account, by=signer, at=at)

    def refuse(self, at: datetime) -> None:
        """The organisation does not want the award."""
        signer = User.objects.get(organisation=self.award.organisation, is_signatory=True)
        signing.refuse(self.award.pk, reason="자체 예산으로 먼저 추진하기로 하였습니다.", by=signer, at=at)

    def approve_tranche(self, number: int, at: datetime) -> None:
        """The manager approves a payment."""
        paying.approve(self.tranche(number).pk, by=self.official("manager"), at=at)

    def release(self, number: int, at: datetime) -> None:
        """The finance officer pays."""
        paying.release(self.tranche(number).pk, by=self.official("finance"), at=at)

    def settle(self, number: int, at: datetime) -> None:
        """The bank confirms."""
        paying.settle(self.tranche(number).pk, by=self.official("finance"), at=at)

    def pay(self, number: int, at: datetime) -> None:
        """Approved, released and confirmed on one day."""
        self.approve_tranche(number, at)
        self.release(number, at)
        self.settle(number, at)

    def report(self, number: int, at: datetime) -> None:
        """The PI reports a milestone."""
        text = "판정기준을 시험한 결과와 조건을 아래에 적습니다. 세 번 반복하여 모두 기준을 넘었습니다."
        performing.report(self.milestone(number).pk, text=text, files=[], by=self.pi, at=at)

    def accept_reviews(self, at: datetime) -> None:
        """Every invited reviewer accepts."""
        for review in self._reviews("invited"):
            evaluating.accept(review.pk, by=review.reviewer, at=at)

    def review(self, grade: str, at: datetime, *, most: int = 9) -> None:
        """Every reviewer who accepted delivers, all with the same grade."""
        scores = {"passed": 5, "conditional": 3, "failed": 1}
        rubric = dict.fromkeys(("reached", "evidence", "worth", "money"), scores[grade])
        for review in self._reviews("accepted")[:most]:
            comments = "측정 조건과 원자료가 충분히 제시되어 판단할 수 있었습니다."
            evaluating.deliver(
                review.pk, scores=rubric, grade=grade, comments=comments, by=review.reviewer, at=at
            )

    def _reviews(self, state: str) -> list[Review]:
        mine = Q(milestone__award__proposal=self.proposal_id, state=state)
        return list(Review.objects.filter(mine).select_related("reviewer").order_by("pk"))

    def confirm(self, at: datetime) -> None:
        """The manager confirms the panel's finding."""
        finding = Finding.objects.get(milestone__award__proposal=self.proposal_id, confirmed_at=None)
        evaluating.confirm(
            finding.pk, reason="평가단 의견대로 확정합니다.", by=self.official("manager"), at=at
        )

    def claim(self, percent: int, at: datetime) -> Claim:
        """The PI accounts for this share of the first payment."""
        award = self.award
        claim = settlement.start(award.pk, by=self.pi, at=at, once=uuid4())
        amount = self.tranche(1).amount * percent // 100
        personnel, materials = (BudgetCategory.objects.get(code=code) for code in ("personnel", "materials"))
        lines = [
            Line(personnel, at.date(), "참여연구자 인건비", amount * 6 // 10),
            Line(materials, at.date(), "시약·시편 구입", amount - amount * 6 // 10),
        ]
        settlement.save(claim.pk, lines, files=[], revision=0, by=self.pi, at=at)
        return accounting.submit(claim.pk, by=self.pi, at=at)

    def accept_claim(self, at: datetime) -> None:
        """The finance officer accepts every line of the waiting claim."""
        claim = Claim.objects.get(award=self.award, state="submitted")
        verdicts = {line.pk: Verdict(line.amount) for line in claim.lines.all()}
        accounting.decide(claim.pk, verdicts, by=self.official("finance"), at=at)


def _budget(cost: int) -> dict[tuple[int, int], int]:
    categories = {category.code: category.pk for category in BudgetCategory.objects.filter(code__in=_SPREAD)}
    parts = {code: cost * percent // 100 for code, percent in _SPREAD.items()}
    parts["indirect"] += cost - sum(parts.values())
    return {(categories[code], 1): amount for code, amount in parts.items()}
