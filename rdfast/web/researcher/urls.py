"""Addresses of this face."""

from django.urls import path

from rdfast.web.researcher.views import (
    accounts,
    awards,
    claims,
    disputes,
    editing,
    ending,
    home,
    milestones,
    plans,
    proposals,
    recoveries,
    statements,
)

urlpatterns = [
    path("", home.home, name="home"),
    path("proposals/", home.proposal_list, name="proposals"),
    path("calls/<int:pk>/propose/", proposals.propose, name="propose"),
    path("proposals/<int:pk>/", proposals.proposal, name="proposal"),
    path("proposals/<int:pk>/edit/", editing.edit, name="edit"),
    path("proposals/<int:pk>/withdraw/", proposals.withdraw, name="withdraw"),
    path("proposals/<int:pk>/appeal/<int:event>/", disputes.file_appeal, name="file_appeal"),
    path("appeals/<int:pk>/", disputes.appeal, name="appeal"),
    path("proceedings/<int:pk>/", disputes.proceeding, name="proceeding"),
    path("awards/", home.award_list, name="awards"),
    path("awards/<int:pk>/", awards.award, name="award"),
    path("awards/<int:pk>/statement/", statements.statement, name="statement"),
    path("awards/<int:pk>/statement/<slug:kind>/", statements.statement_file, name="statement_file"),
    path("awards/<int:pk>/sign/", awards.sign, name="sign"),
    path("awards/<int:pk>/refuse/", awards.refuse, name="refuse"),
    path("awards/<int:pk>/plan/", plans.plan, name="plan"),
    path("awards/<int:pk>/final-report/", ending.final_report, name="final_report"),
    path("awards/<int:pk>/stop/", ending.stop, name="stop"),
    path("awards/<int:pk>/stop/back/", ending.take_stop_back, name="take_stop_back"),
    path("awards/<int:pk>/claim/", claims.claim_start, name="claim_start"),
    path("milestones/<int:pk>/", milestones.milestone, name="milestone"),
    path("claims/<int:pk>/", claims.claim, name="claim"),
    path("claims/<int:pk>/upload/", claims.upload, name="upload_claim"),
    path("claims/template/", claims.template, name="claim_template"),
    path("awards/<int:pk>/account/", accounts.account, name="account"),
    path("recoveries/<int:pk>/", recoveries.recovery, name="recovery"),
]
