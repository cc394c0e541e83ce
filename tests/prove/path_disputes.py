"""What people do in dispute: appeals, proposals that are routed, reopened or reassigned, and proceedings."""

from collections.abc import Generator, Iterator
from functools import partial
from uuid import uuid4

from django.urls import reverse

from rdfast.appeals.models import Appeal
from rdfast.audit.models import Event
from rdfast.funding.models import Award
from rdfast.people.models import User
from rdfast.proceedings.models import Proceeding, Vote
from rdfast.proposals.models import Proposal
from tests import make
from tests.prove.items import UNDERSTOOD, Count, Fork, Item, Later, Post, Wait, happened, left_alone, newly


def a_proposal_turned_down() -> Iterator[Item]:
    """Passed to the standard track, appealed against, reopened, and given by the head to another manager."""
    w = make.world()
    deputy = make.person("Daon", w.minjun.organisation)
    w.programme.appointments.create(user=deputy, role="deputy")
    proposal = make.submitted(w)
    url = reverse("manager:proposal", args=[proposal.pk])
    form = {**make.approval_form(proposal), "answer": "route", "reason": "Basic research."}
    yield Post(w.minjun, url, form, happened("proposal.route", proposal))
    decision = Event.objects.get(kind="proposal.route", matter_id=proposal.pk)
    appeal = yield from _appealed(w.hana, decision)
    yield Fork(
        [
            partial(_decided, w, appeal, "reject"),
            partial(left_alone, 31, 38),
            partial(_waits_for_money, w, appeal, deputy),
        ]
    )
    yield from _decided(w, appeal, "uphold")
    yield Later((3,))
    yield from _reassigned(w, proposal, deputy)
    proposal.refresh_from_db()
    approved = happened("proposal.approve", proposal)
    yield Post(deputy, url, make.approval_form(proposal), approved)


def _waits_for_money(w: make.World, appeal: Appeal, deputy: User) -> Iterator[Item]:
    """Upheld when the envelope is empty: first in line, and decided once it is filled again."""
    proposal = Proposal.objects.filter(pk=appeal.proposal_id)
    yield _moved(w, "cut", "envelope.cut")
    yield from _decided(w, appeal, "uphold")
    yield _moved(w, "allot", "envelope.allotted")
    yield Wait(proposal.filter(state="reopened", waits_since=None).exists, "the line of an envelope")
    found = proposal.get()
    url = reverse("manager:proposal", args=[found.pk])
    yield Post(deputy, url, make.approval_form(found), happened("proposal.approve", found))


def _moved(w: make.World, move: str, kind: str) -> Post:
    """All that the envelope has is taken away, or given back."""
    form = {"amount": "10,000,000,000", "reason": "crisis", "once": str(uuid4()), **UNDERSTOOD}
    url = reverse(f"programme:{move}", args=[w.envelope.pk])
    return Post(w.finn, url, form, newly(happened(kind, w.envelope)))


def _reassigned(w: make.World, proposal: Proposal, to: User) -> Iterator[Item]:
    given = Proposal.objects.filter(pk=proposal.pk, assigned_to=to)
    form = {"to": str(to.pk), "reassign_reason": "Please today."}
    yield Post(w.doyun, reverse("manager:reassign", args=[proposal.pk]), form, given.count)


def upheld(w: make.World, by: User, decision: Event) -> Iterator[Item]:
    """An appeal undoes the decision that this event tells of."""
    appeal = yield from _appealed(by, decision)
    yield from _decided(w, appeal, "uphold")


def _appealed(by: User, decision: Event) -> Generator[Item, None, Appeal]:
    """An appeal against the decision, which it gives."""
    filed = Appeal.objects.filter(decision=decision)
    url = reverse("researcher:file_appeal", args=[decision.matter_id, decision.pk])
    yield Post(by, url, {"text": "It is bold.", **UNDERSTOOD}, filed.count)
    return filed.get()


def _decided(w: make.World, appeal: Appeal, verdict: str) -> Iterator[Item]:
    url = reverse("committee:appeal", args=[appeal.pk])
    form = {"decision": verdict, "reason": "Heard.", **UNDERSTOOD}
    yield Post(w.committee[3], url, form, happened(f"appeal.{verdict}", appeal))


def proceedings() -> Iterator[Item]:
    """A proceeding for termination and one for money, from their notices to their signatures."""
    w = make.world(account_days=400)
    award = make.paid(w).award
    yield Fork([partial(_heard_about_money, w, award), partial(_specially_reviewed, w, award)])
    proceeding = yield from _opened(w, award, "termination")
    yield Fork([partial(left_alone, 16, 21, 52)])
    url = reverse("researcher:proceeding", args=[proceeding.pk])
    form = {"reply": "A cell tester.", **UNDERSTOOD}
    yield Post(w.hana, url, form, happened("proceeding.hear", proceeding))
    yield Fork([partial(_voted, w, proceeding, ["for", "against", "against"])])
    yield from _voted(w, proceeding, ["for", "for", "against"])
    yield Fork([partial(_signed, w, proceeding, "refuse", happened("proceeding.dismiss", proceeding))])
    yield from _signed(w, proceeding, "sign", happened("award.terminate", award))
    decision = Event.objects.get(kind="award.terminate", matter_id=award.proposal_id)
    yield from upheld(w, w.sejin, decision)


def _specially_reviewed(w: make.World, award: Award) -> Iterator[Item]:
    """It suspends from the notice on; the suspension is lifted by an appeal."""
    yield from _opened(w, award, "special_review")
    decision = Event.objects.get(kind="award.suspend", matter_id=award.proposal_id)
    yield from upheld(w, w.sejin, decision)


def _heard_about_money(w: make.World, award: Award) -> Iterator[Item]:
    proceeding = yield from _opened(w, award, "recovery")
    url = reverse("researcher:proceeding", args=[proceeding.pk])
    form = {"reply": "A cell tester.", **UNDERSTOOD}
    yield Post(w.hana, url, form, happened("proceeding.hear", proceeding))
    yield from _voted(w, proceeding, ["for", "for", "for"])
    yield from _signed(w, proceeding, "sign", award.recoveries.count)


def _opened(w: make.World, award: Award, kind: str) -> Generator[Item, None, Proceeding]:
    """The notice of a proceeding, which it gives."""
    url = reverse("manager:open_proceeding", args=[award.pk])
    form = {
        "kind": kind,
        "reason": "A car was bought.",
        "possible_outcome": "The award may end.",
        "amount": "5,000,000" if kind == "recovery" else "",
        **UNDERSTOOD,
    }
    found = Proceeding.objects.filter(award=award, kind=kind)
    yield Post(w.minjun, url, form, found.count)
    return found.get()


def _voted(w: make.World, proceeding: Proceeding, votes: list[str]) -> Iterator[Item]:
    url = reverse("committee:proceeding", args=[proceeding.pk])
    for member, vote in zip(w.committee, votes, strict=False):
        form = {"vote": vote, "termination_kind": "for_cause", "reason": "Seen.", **UNDERSTOOD}
        if proceeding.kind == "recovery":
            del form["termination_kind"]
        cast = Vote.objects.filter(proceeding=proceeding, member=member)
        yield Post(member, url, form, cast.count)


def _signed(w: make.World, proceeding: Proceeding, answer: str, done: Count) -> Iterator[Item]:
    url = reverse("manager:proceeding", args=[proceeding.pk])
    form = {"answer": answer, "conclusion": "As the panel heard.", **UNDERSTOOD}
    yield Post(w.yuna, url, form, done)
