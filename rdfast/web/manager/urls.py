"""Addresses of this face."""

from django.urls import path

from rdfast.funding.states import MotionKind
from rdfast.web.manager.views import (
    awards,
    disputes,
    inbox,
    milestones,
    motions,
    payments,
    plans,
    proposals,
    recoveries,
)

urlpatterns = [
    path("", inbox.inbox, name="inbox"),
    path("proposals/<int:pk>/", proposals.proposal, name="proposal"),
    path("proposals/<int:pk>/conflict/", proposals.conflict, name="conflict"),
    path("proposals/<int:pk>/reassign/", proposals.reassign, name="reassign"),
    path("awards/<int:pk>/proceeding/", disputes.open_proceeding, name="open_proceeding"),
    path("proceedings/<int:pk>/", disputes.proceeding, name="proceeding"),
    path("awards/", awards.awards, name="awards"),
    path("awards/<int:pk>/", awards.award, name="award"),
    path("awards/<int:pk>/raise/", motions.propose, {"kind": MotionKind.RAISE}, name="raise"),
    path("awards/<int:pk>/confirm/", motions.propose, {"kind": MotionKind.CONFIRM}, name="confirm_award"),
    path("awards/<int:pk>/resume/", motions.propose, {"kind": MotionKind.RESUME}, name="resume"),
    path("awards/<int:pk>/end/", motions.propose, {"kind": MotionKind.TERMINATE}, name="terminate"),
    path("awards/<int:pk>/extend/", motions.extend, name="extend"),
    path("motions/<int:pk>/", motions.motion, name="motion"),
    path("plans/<int:pk>/", plans.plan, name="plan"),
    path("payments/<int:pk>/", payments.tranche, name="tranche"),
    path("milestones/<int:pk>/", milestones.milestone, name="milestone"),
    path("milestones/<int:pk>/leave/", milestones.leave, name="leave"),
    path("milestones/<int:pk>/invite/", milestones.invite, name="invite"),
    path("milestones/<int:pk>/confirm/", milestones.confirm, name="confirm"),
    path("awards/<int:pk>/recover/", recoveries.recover, name="recover"),
    path("recoveries/<int:pk>/", recoveries.recovery, name="recovery"),
]
