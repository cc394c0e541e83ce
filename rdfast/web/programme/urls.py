"""Addresses of this face."""

from django.urls import path

from rdfast.web.programme.views import envelopes, policies, statements

urlpatterns = [
    path("", envelopes.home, name="home"),
    path("envelopes/<int:pk>/", envelopes.envelope, name="envelope"),
    path("envelopes/<int:pk>/allot/", envelopes.allot, name="allot"),
    path("envelopes/<int:pk>/cut/", envelopes.cut, name="cut"),
    path("envelopes/<int:pk>/end-year/", envelopes.end_year, name="end_year"),
    path("envelopes/<int:pk>/carry-over/", envelopes.carry_over, name="carry_over"),
    path("statements/", statements.statement, name="statement"),
    path("statements/<slug:kind>/", statements.statement_file, name="statement_file"),
    path("<int:pk>/policies/", policies.policies, name="policies"),
    path("<int:pk>/policies/adopt/", policies.adopt, name="adopt"),
    path("policies/<int:pk>/", policies.policy, name="policy"),
]
