"""The addresses, and one more: a page with nothing on it that asks the database once, behind everything a page passes."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import path

from rdfast.programmes.models import Programme
from rdfast.urls import urlpatterns as every_address


@login_required
def empty(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(Programme.objects.count()))


urlpatterns = [*every_address, path("empty/", empty)]
