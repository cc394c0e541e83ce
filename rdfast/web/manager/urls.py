"""Addresses of this face."""

from django.urls import path

from rdfast.web.manager.views import awards, disputes, inbox, milestones, payments, proposals, recoveries

urlpatterns = [
    path("", inbox.inbox, name="inbox"),
    path("proposals/<int:pk>/", proposals.proposal, name="proposal"),
    path("proposals/<int:pk>/conflict/", proposals.conflict, name="conflict"),
    path("proposals/<int:pk>/reassign/", proposals.reassign, name="reassign"),
    path("awards/<int:pk>/proceeding/", disputes.open_proceeding, name="open_proceeding"),
    path("proceedings/<int:pk>/", disputes.proceeding, name="proceeding"),
    path("awards/", awards.awards, name="awards"),
    path("awards/<int:pk>/", awards.award, name="award"),
    path("payments/<int:pk>/", payments.tranche, name="tranche"),
    path("milestones/<int:pk>/", milestones.milestone, name="milestone"),
    path("milestones/<int:pk>/invite/", milestones.invite, name="invite"),
    path("milestones/<int:pk>/confirm/", milestones.confirm, name="confirm"),
    path("awards/<int:pk>/recover/", recoveries.recover, name="recover"),
    path("recoveries/<int:pk>/", recoveries.recovery, name="recovery"),
]
