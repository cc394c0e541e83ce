"""Addresses of this face."""

from django.urls import path

from rdfast.web.finance import accounts, claims, inbox, payments, recoveries, samples

urlpatterns = [
    path("", inbox.inbox, name="inbox"),
    path("payments/<int:pk>/", payments.tranche, name="tranche"),
    path("payments/<int:pk>/release/", payments.release, name="release"),
    path("payments/<int:pk>/settle/", payments.settle, name="settle"),
    path("payments/<int:pk>/bounce/", payments.bounce, name="bounce"),
    path("accounts/<int:pk>/", accounts.account, name="account"),
    path("claims/<int:pk>/check/", claims.check, name="check_claim"),
    path("awards/<int:pk>/recover/", recoveries.recover, name="recover"),
    path("recoveries/<int:pk>/", recoveries.recovery, name="recovery"),
    path("recoveries/<int:pk>/instalments/", recoveries.instalments, name="instalments"),
    path("repayments/<int:pk>/give-back/", recoveries.give_back, name="give_back"),
    path("samples/", samples.samples, name="samples"),
    path("claims/<int:pk>/", claims.claim, name="claim"),
    path("awards/<int:pk>/", inbox.award, name="award"),
]
