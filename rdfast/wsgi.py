"""The web server's entry."""

import os

from django.core.wsgi import get_wsgi_application

from rdfast.core import limits

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rdfast.settings")
application = get_wsgi_application()
limits.hold_to("web")
