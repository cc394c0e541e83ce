"""The second half of a play: plan, confirmation, changes, disputes, money back, the end."""

from datetime import date, datetime, timedelta
from uuid import uuid4

from rdfast.appeals.models import Appeal
from rdfast.appeals.queries import appealable
from rdfast.changes.models import Change
from rdfast.flow import (
    accounting,
    allotting,
    appealing,
    changing,
    closing,
    completing,
    granting,
    moving,
    paying,
    planning,
    proceeding,
    recovering,
    stopping,
)
from rdfast.funding.models import Award, Motion, NewAccount
from rdfast.funding.operations import PaymentAccount
from rdfast.local.demo.play import Play
from rdfast.milestones.operations import Promise
from rdfast.people.models import User
from rdfast.plans import operations as plans
from rdfast.plans.models import Plan
from rdfast.plans.operations import Content, Step
from rdfast.proceedings.models import Proceeding
from rdfast.programmes.models import BudgetCategory, Envelope
from rdfast.programmes.queries import available_in
from rdfast.settlement import operations as settlement
from rdfast.settlement.models import Claim, Recovery
from rdfast.settlement.operations import Line, Verdict
from rdfast.settlement.queries import to_remit_of


class LongPlay(Play):
    """What happens between signature and closing; every verb takes the time at which it happens."""

    cut_amount = 0

    @property
    def signatory(self) -> User:
        return User.objects.get(organisation=self.award.organisation, is_signatory=True)

    # ── the envelope ─────────────────────────────────────────────────────────────────────────

    def _envelope(self) -> Envelope:
        return self.stage.call.envelope

    def cut_everything(self, at: datetime) -> None:
        """The ministry cuts whatever the envelope has left."""
        self.cut_amount = available_in(self._envelope())
        allotting.cut(
            self._envelope().pk,
            amount=self.cut_amount,
            reason="추가경정예산 감액",
            key=str(uuid4()),
            by=self.official("finance"),
            at=at,
        )

    def allot_again(self, at: datetime) -> None:
        """The money comes back."""
        allotting.allot(
            self._envelope().pk,
            amount=self.cut_amount,
            reason="예산 복원",
            key=str(uuid4()),
            by=self.official("finance"),
            at=at,
        )

    def end_year(self, at: datetime) -> None:
        """The head carries a billion over to the next year's envelope; the rest of the year goes back."""
        envelope, head = self._envelope(), self.official("head")
        Envelope.objects.get_or_create(programme=envelope.programme, year=envelope.year + 1)
        allotting.carry_over(
            envelope.pk,
            amount=1_000_000_000,
            reason="계속과제 재원 이월",
            key=str(uuid4()),
            by=head,
            at=at,
        )
        allotting.end_year(envelope.pk, reason="회계연도 마감", key=str(uuid4()), by=head, at=at)

    def approve_by_deputy(self, at: datetime) -> None:
        """Another manager than the one who declined says yes."""
        granting.approve(
            self.proposal_id,
            amount=self.text.provisional,
            reason="목표가 분명합니다.",
            by=self.official("deputy"),
            at=at,
        )

    # ── plan and confirmation ────────────────────────────────────────────────────────────────

    def plan(self, at: datetime) -> None:
        """The PI hands in the plan, as the proposal said it, with what happens to the data."""
        plan = self.award.plan
        plans.save(
            plan.pk,
            _with_data(plan, "측정자료는 논문과 함께 공개합니다."),
            revision=plan.revision,
            by=self.pi,
            at=at,
        )
        planning.submit(plan.pk, by=self.pi, at=at)

    def accept_plan(self, at: datetime) -> None:
        """The manager accepts it."""
        planning.accept(self.award.plan.pk, reason="계획이 충실합니다.", by=self.official("manager"), at=at)

    def propose_confirmation(self, at: datetime) -> None:
        """The manager proposes to confirm the award over its plan."""
        award = self.award
        moving.propose_confirmation(
            award.pk,
            envelope_id=award.envelope_id,
            reason="첫 단계목표를 달성하였습니다.",
            by=self.official("manager"),
            at=at,
        )

    def propose_resumption(self, at: datetime) -> None:
        """The manager proposes to end the suspension."""
        moving.propose_resumption(
            self.award.pk, reason="사유가 해소되었습니다.", by=self.official("manager"), at=at
        )

    def sign_second(self, at: datetime) -> None:
        """The second approver signs what waits."""
        motion = Motion.objects.get(award=self.award, state="proposed")
        moving.carry(motion.pk, answer="동의합니다.", by=self.official("second"), at=at)

    def refuse_second_signature(self, at: datetime) -> None:
        """The second approver refuses what waits."""
        motion = Motion.objects.get(award=self.award, state="proposed")
        moving.refuse(motion.pk, answer="근거를 더 보완해 주십시오.", by=self.official("second"), at=at)

    def refuse_grant(self, at: datetime) -> None:
        """The second approver says no to a recommended proposal."""
        granting.refuse_second(
            self.proposal_id, reason="금액의 근거가 부족합니다.", by=self.official("second"), at=at
        )

    def ask_to_stop(self, at: datetime) -> None:
        """The PI asks to end the work."""
        stopping.ask_to_stop(
            self.award.pk, reason="가설이 성립하지 않음을 확인하였습니다.", by=self.pi, at=at
        )

    def propose_end(self, at: datetime) -> None:
        """The manager takes it up; the lesson is published."""
        moving.propose_end(
            self.award.pk,
            reason="성실하게 수행하였으나 목표에 이를 수 없습니다.",
            lesson="계면 반응은 60 ℃ 위에서 되돌릴 수 없습니다.",
            by=self.official("manager"),
            at=at,
        )

    def final_report(self, at: datetime) -> None:
        """The PI gives the final report."""
        completing.report_finally(
            self.award.pk,
            text="목표를 모두 달성하였습니다.",
            lesson="작은 시제품을 먼저 만드는 것이 빨랐습니다.",
            files=[],
            by=self.pi,
            at=at,
        )

    # ── changes ──────────────────────────────────────────────────────────────────────────────

    def propose_change(self, amount: int, at: datetime, *, later: int = 0) -> None:
        """The PI proposes another amount, and milestones not begun `later` days later."""
        award = self.award
        promises = [
            Promise(each.title, each.criterion, each.due_on + timedelta(days=later), each.share_percent)
            for each in award.milestones.filter(state="planned").order_by("number")
        ]
        changing.propose(
            award.pk,
            amount=amount,
            promises=promises,
            reason="시험 결과에 맞추어 계획을 바꿉니다.",
            base_version=award.version,
            once=uuid4(),
            by=self.pi,
            at=at,
        )

    def agree_change(self, at: datetime) -> None:
        """The manager agrees."""
        change = Change.objects.get(award=self.award, state="proposed")
        changing.agree(change.pk, by=self.official("manager"), at=at)

    # ── payments and claims ──────────────────────────────────────────────────────────────────

    def bounce(self, number: int, at: datetime) -> None:
        """The bank sends a payment back."""
        paying.bounce(self.tranche(number).pk, reason="계좌번호 오류", by=self.official("finance"), at=at)

    def give_account(self, at: datetime) -> None:
        """The signatory gives another account."""
        account = PaymentAccount("한국은행", "301-0123-4567-99", self.award.organisation.name_ko)
        paying.give_account(self.award.pk, account=account, by=self.signatory, at=at)

    def check_account(self, at: datetime) -> None:
        """The finance officer finds it right."""
        account = NewAccount.objects.get(award=self.award, checked_at=None)
        paying.check_account(account.pk, by=self.official("finance"), at=at)

    def claim_sum(self, amount: int, at: datetime) -> None:
        """The PI accounts for this amount."""
        claim = settlement.start(self.award.pk, by=self.pi, at=at, once=uuid4())
        line = Line(BudgetCategory.objects.get(code="materials"), at.date(), "시약·시편 구입", amount)
        settlement.save(claim.pk, [line], files=[], revision=0, by=self.pi, at=at)
        accounting.submit(claim.pk, by=self.pi, at=at)

    def accept_part(self, amount: int, at: datetime) -> None:
        """The finance officer accepts so much of the waiting claim."""
        claim = Claim.objects.get(award=self.award, state="submitted")
        (line,) = claim.lines.all()
        verdict = Verdict(amount, "" if amount == line.amount else "과제와 관련이 없는 비용입니다.")
        accounting.decide(
            claim.pk, {line.pk: verdict}, by=self.official("finance"), at=at, checked_in_full=True
        )

    # ── disputes ─────────────────────────────────────────────────────────────────────────────

    def open_proceeding(self, kind: str, at: datetime, *, amount: int | None = None) -> None:
        """The manager opens a proceeding; its notice goes out the same day."""
        proceeding.open_(
            self.award.pk,
            kind,
            reason="연구비가 목적 밖에 쓰인 정황이 있습니다.",
            possible_outcome="협약을 해약하고 연구비를 환수할 수 있습니다.",
            amount=amount,
            by=self.official("manager"),
            at=at,
        )

    def reply(self, at: datetime) -> None:
        """The signatory replies."""
        found = Proceeding.objects.get(award=self.award, state="noticed")
        proceeding.reply(found.pk, text="절차를 착각하였습니다.", by=self.signatory, at=at)

    def vote(self, verdicts: str, at: datetime) -> None:
        """Committee members vote: c for cause, t technical, n against."""
        found = Proceeding.objects.get(award=self.award, state="heard")
        for number, verdict in enumerate(verdicts, start=1):
            proceeding.vote(
                found.pk,
                is_for=verdict != "n",
                termination_kind={"c": "for_cause", "t": "technical", "n": ""}[verdict],
                reason="기록을 모두 검토하였습니다.",
                by=self.official(f"committee{number}" if number > 1 else "committee"),
                at=at,
            )

    def sign_measure(self, at: datetime) -> None:
        """The second approver signs what was voted for."""
        found = Proceeding.objects.get(award=self.award, state="decided")
        proceeding.sign(found.pk, conclusion="의결대로 시행합니다.", by=self.official("second"), at=at)

    def appeal(self, at: datetime) -> None:
        """The PI appeals against the newest decision that can be appealed against."""
        event = appealable(self.proposal, at=at)[0]
        appealing.file(self.proposal_id, event.pk, text="사실과 다르게 판단하였습니다.", by=self.pi, at=at)

    def uphold(self, at: datetime) -> None:
        """A committee member who took no part upholds it."""
        appeal = Appeal.objects.get(proposal=self.proposal_id, state="filed")
        appealing.uphold(appeal.pk, reason="신청인의 주장이 옳습니다.", by=self.official("committee4"), at=at)

    # ── money back, and the end ──────────────────────────────────────────────────────────────

    @property
    def recovery(self) -> Recovery:
        return Recovery.objects.filter(award=self.award).latest("pk")

    def ask_back(self, kind: str, origin: str, amount: int, at: datetime) -> None:
        """The finance officer asks money back and gives notice."""
        finance = self.official("finance")
        found = recovering.propose(
            self.award.pk, kind=kind, origin=origin, amount=amount, reason="부당 집행", by=finance, at=at
        )
        recovering.notice(found.pk, by=finance, at=at)

    def contest(self, at: datetime) -> None:
        """The signatory contests it."""
        recovering.contest(self.recovery.pk, objection="일부는 정당한 비용입니다.", by=self.signatory, at=at)

    def determine(self, amount: int, at: datetime) -> None:
        """The manager determines what is to be paid."""
        recovering.determine(
            self.recovery.pk,
            amount=amount,
            determination="증빙이 있는 부분을 제외합니다.",
            by=self.official("manager"),
            at=at,
        )

    def agree_instalments(self, parts: list[int], at: datetime) -> None:
        """The finance officer agrees to so many parts, thirty days apart."""
        rows = [(part, _days_later(at, 30 * number)) for number, part in enumerate(parts, start=1)]
        recovering.agree_instalments(self.recovery.pk, rows, by=self.official("finance"), at=at)

    def pay_back(self, amount: int, at: datetime) -> None:
        """Money arrives."""
        recovering.receive(
            self.recovery.pk,
            reference=f"{self.award.number}-{uuid4().hex[:8]}",
            received_on=at.date(),
            amount=amount,
            by=self.official("finance"),
            at=at,
        )

    def remit(self, at: datetime) -> None:
        """The finance officer remits all that was paid back to the treasury."""
        amount = sum(to_remit_of(self.award.pk).values())
        recovering.remit(self.recovery.pk, amount=amount, by=self.official("finance"), at=at)

    def write_off(self, at: datetime) -> None:
        """The second approver writes off what cannot be collected."""
        recovering.write_off(
            self.recovery.pk, conclusion="기관이 파산하였습니다.", by=self.official("second"), at=at
        )

    def close(self, at: datetime) -> Award:
        """The finance officer closes the award."""
        return closing.close(self.award.pk, by=self.official("finance"), at=at)


def _with_data(plan: Plan, data: str) -> Content:
    """The plan as it was filled in at the signature, and what happens to the data."""
    return Content(
        scope=plan.scope,
        team=plan.team,
        data=data,
        amount=plan.amount,
        own_cash=plan.own_cash,
        own_kind=plan.own_kind,
        budget={(line.category_id, line.year): line.amount for line in plan.budget.all()},
        steps=[
            Step(
                each.title,
                each.criterion,
                each.due_on,
                each.share_percent,
                each.is_critical,
                each.milestone_id,
            )
            for each in plan.steps.all()
        ],
    )


def _days_later(at: datetime, days: int) -> date:
    return (at + timedelta(days=days)).date()
