"""An award: reading, signing and refusing it."""

from uuid import uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from rdfast.changes.rules import may_propose
from rdfast.core.machines import NotPossibleNow
from rdfast.core.refusals import RuleBroken
from rdfast.flow import signing
from rdfast.flow.closing import is_accounted_for
from rdfast.funding import queries, rules
from rdfast.funding.models import Award
from rdfast.funding.states import ENDED, AwardState
from rdfast.ledger.queries import boxes_of_award
from rdfast.milestones.rules import may_report_finally
from rdfast.people.models import User
from rdfast.people.queries import signatories_of
from rdfast.plans.queries import may_edit, plan_of
from rdfast.proposals.queries import applicant_side_of
from rdfast.reports import disputes, standing, story
from rdfast.settlement.queries import recoveries_of, room_for_claims
from rdfast.settlement.rules import may_start
from rdfast.timers import clock
from rdfast.timers.kinds import Kind
from rdfast.timers.queries import due_at_of
from rdfast.web.forms import show_refusal
from rdfast.web.researcher.forms.award import RefuseForm, SignForm
from rdfast.web.signed_in import person


@require_safe
@login_required
def award(request: HttpRequest, pk: int) -> HttpResponse:
    """One award: money, payments, milestones, claims, deadlines and story."""
    user = person(request)
    found = get_object_or_404(queries.on_applicant_side(user), pk=pk)
    relations = queries.relations(found, user)
    context = {
        "award": found,
        "agreement": getattr(found, "agreement", None),
        "tranches": found.tranches.order_by("number"),
        "milestones": found.milestones.order_by("number"),
        "claims": found.claims.order_by("-number"),
        "recoveries": recoveries_of(found).exclude(noticed_at__isnull=True),
        "may_give_account": rules.may_give_account(
            award_state=found.state, relations=relations, terms=found.policy.terms
        ),
        "account_waits": found.new_accounts.filter(checked_at__isnull=True).first(),
        "has_bounced": found.tranches.filter(state="bounced").exists(),
        "is_settled": found.state in ENDED and is_accounted_for(found),
        "boxes": boxes_of_award(found.pk),
        "room": room_for_claims(found),
        "sign_by": due_at_of(Kind.SIGN, Award._meta.label_lower, found.pk),
        "changes": list(found.changes.order_by("-number")),
        "may_change": may_propose(award_state=found.state, relations=relations),
        "disputes": disputes.of_proposal(found.proposal, at=clock.now()),
        "story": story.for_applicant(found.proposal_id, applicant_side_of(found.proposal)),
        "deadlines": story.deadlines_for_applicant(found.proposal_id),
        "may_sign": _may("sign", found, user),
        "can_be_signed": found.policy.terms.signed_by_pi_allowed
        or signatories_of(found.organisation_id).exists(),
        "may_refuse": _may("refuse", found, user),
        "may_claim": may_start(award_state=found.state, relations=relations),
        "standing": standing.of_award(found, at=clock.now()),
        "may_write_plan": _may_edit_plan(found, user),
        "may_report_finally": may_report_finally(award_state=found.state, relations=relations),
        "may_stop": rules.may_ask_to_stop(award_state=found.state, relations=relations),
        "once": uuid4(),
    }
    return render(request, "researcher/award.html", context)


def _may_edit_plan(award: Award, user: User) -> bool:
    plan = plan_of(award)
    return plan is not None and may_edit(plan, user)


def _may(move: str, award: Award, user: User) -> bool:
    return rules.may_with_award(
        move, state=award.state, relations=queries.relations(award, user), terms=award.policy.terms
    )


def _as_it_stands(request: HttpRequest, award: Award) -> HttpResponse:
    """Back to the award, because the move is not this person's or no longer possible."""
    if award.state == AwardState.OFFERED:
        messages.info(request, _("Only those who sign for the organisation can do this."))
    else:
        messages.info(request, _("This award has been answered already. This is how it stands now."))
    return redirect("researcher:award", award.pk)


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def sign(request: HttpRequest, pk: int) -> HttpResponse:
    """Read the agreement, name the payment account, sign in again, sign."""
    user, at = person(request), clock.now()
    found = get_object_or_404(queries.on_applicant_side(user), pk=pk)
    if not _may("sign", found, user):
        return _as_it_stands(request, found)
    text = signing.agreement_text(found, at=at)
    read_now = {"sha256": signing.agreement_hash(text), "account_holder": found.organisation.name_ko}
    data = request.POST.copy()
    form = SignForm(data if request.method == "POST" else None, request=request, initial=read_now)
    if form.is_valid():
        try:
            signing.sign(pk, sha256=form.cleaned_data["sha256"], account=form.account, by=user, at=at)
        except NotPossibleNow as refusal:
            messages.warning(request, str(refusal))
            return redirect("researcher:award", pk)
        except RuleBroken as refusal:
            data["sha256"] = read_now["sha256"]
            show_refusal(form, refusal)
        else:
            messages.success(
                request,
                _("The agreement is signed. The first payment now waits for the programme's approval."),
            )
            return redirect("researcher:award", pk)
    return render(request, "researcher/sign.html", {"award": found, "form": form, "text": text})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def refuse(request: HttpRequest, pk: int) -> HttpResponse:
    """Refuse the award, with a reason and after a tick."""
    user = person(request)
    found = get_object_or_404(queries.on_applicant_side(user), pk=pk)
    if not _may("refuse", found, user):
        return _as_it_stands(request, found)
    form = RefuseForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            signing.refuse(pk, reason=form.cleaned_data["reason"], by=user, at=clock.now())
        except NotPossibleNow as refusal:
            messages.warning(request, str(refusal))
            return redirect("researcher:award", pk)
        except RuleBroken as refusal:
            show_refusal(form, refusal)
        else:
            messages.success(request, _("The award is refused. Its money is free for others again."))
            return redirect("researcher:award", pk)
    return render(request, "researcher/refuse.html", {"award": found, "form": form})
