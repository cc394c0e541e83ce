"""Every address, one face after the other."""

from django.contrib import admin
from django.contrib.auth.views import LogoutView
from django.urls import include, path
from django.views.i18n import set_language

from rdfast.web import addresses, files, public
from rdfast.web.changes import views as changes
from rdfast.web.operations import views as operations

handler500 = "rdfast.web.operations.failures.server_error"
urlpatterns = [
    # For machines: answered before anything else looks at the request (rdfast.web.middleware).
    path("health/", operations.health, name="health"),
    path("ready/", operations.ready, name="ready"),
    path("metrics", operations.figures, name="metrics"),
    path("", public.home, name="home"),
    path("calls/", public.calls, name="calls"),
    path("calls/<int:pk>/", public.call, name="call"),
    path("speed/", public.speed, name="speed"),
    path("sign-in/", public.SignIn.as_view(), name="sign_in"),
    path("sign-out/", LogoutView.as_view(), name="sign_out"),
    path("language/", set_language, name="set_language"),
    path("messages/", public.messages, name="messages"),
    path("files/evidence/<int:pk>/", files.evidence, name="evidence"),
    path("files/final-evidence/<int:pk>/", files.final_evidence, name="final_evidence"),
    path("files/receipt/<int:pk>/", files.receipt, name="receipt"),
    path("awards/<int:pk>/", addresses.award, name="award"),
    path("recoveries/<int:pk>/", addresses.recovery, name="recovery"),
    path("milestones/<int:pk>/", addresses.milestone, name="milestone"),
    path("awards/<int:pk>/change/", changes.propose, name="change_propose"),
    path("changes/<int:pk>/", changes.change, name="change"),
    path("my/", include(("rdfast.web.researcher.urls", "researcher"))),
    path("manager/", include(("rdfast.web.manager.urls", "manager"))),
    path("finance/", include(("rdfast.web.finance.urls", "finance"))),
    path("reviews/", include(("rdfast.web.reviewer.urls", "reviewer"))),
    path("committee/", include(("rdfast.web.committee.urls", "committee"))),
    path("programme/", include(("rdfast.web.programme.urls", "programme"))),
    path("audit/", include(("rdfast.web.auditor.urls", "auditor"))),
    # Outside a demo installation these answer 404: the role switch lets anyone become anyone.
    path("demo/", include(("rdfast.web.demo.urls", "demo"))),
    path("admin/login/", public.administration_sign_in, name="administration_sign_in"),
    path("admin/", admin.site.urls),
]
