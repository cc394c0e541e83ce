"""Addresses of this face."""

from django.urls import path

from rdfast.web.programme.views import envelopes, policies

urlpatterns = [
    path("", envelopes.home, name="home"),
    path("envelopes/<int:pk>/", envelopes.envelope, name="envelope"),
    path("envelopes/<int:pk>/allot/", envelopes.allot, name="allot"),
    path("envelopes/<int:pk>/cut/", envelopes.cut, name="cut"),
    path("envelopes/<int:pk>/end-year/", envelopes.end_year, name="end_year"),
    path("envelopes/<int:pk>/carry-over/", envelopes.carry_over, name="carry_over"),
    path("<int:pk>/policies/", policies.policies, name="policies"),
    path("<int:pk>/policies/adopt/", policies.adopt, name="adopt"),
    path("policies/<int:pk>/", policies.policy, name="policy"),
]
