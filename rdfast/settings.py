"""One settings file. What differs between installations comes from the environment."""

import os
from pathlib import Path

import dj_database_url
import django_stubs_ext
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from rdfast.local import addresses

# Lets ModelAdmin[...] and its like say what they are about.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent


def _flag(name: str) -> bool:
    return os.environ.get(name, "").lower() in {"1", "true", "yes"}


# A demo installation has a role switch, a mailbox page and a clock that can be moved. All three are
# refused elsewhere. The folder that `make run` has filled is one; an installation with a database of its own is
# one only if it says so.
DEMO = _flag("RDFAST_DEMO") or ("DATABASE_URL" not in os.environ and addresses.demo_mark().exists())
DEBUG = False

SECRET_KEY = os.environ.get("RDFAST_SECRET_KEY") or ("demo-only-not-a-secret" * 3 if DEMO else "")
if not SECRET_KEY:
    raise ImproperlyConfigured("Set RDFAST_SECRET_KEY to a long random text, or RDFAST_DEMO=1 for a demo.")

ALLOWED_HOSTS = os.environ.get("RDFAST_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("RDFAST_ORIGINS", "").split(",") if o]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "django_cotton",
    "django_fsm",
    "pgtrigger",
    "axes",
    "csp",
    "rdfast.core",
    "rdfast.people",
    "rdfast.audit",
    "rdfast.ledger",
    "rdfast.timers",
    "rdfast.outbox",
    "rdfast.programmes",
    "rdfast.proposals",
    "rdfast.screening",
    "rdfast.decisions",
    "rdfast.funding",
    "rdfast.milestones",
    "rdfast.plans",
    "rdfast.reviews",
    "rdfast.settlement",
    "rdfast.changes",
    "rdfast.proceedings",
    "rdfast.appeals",
    "rdfast.flow",
    "rdfast.reports",
    "rdfast.monitoring",
    "rdfast.tasks",
    "rdfast.web",
    "rdfast.local",
]

MIDDLEWARE = [
    "rdfast.web.middleware.RequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "rdfast.web.middleware.ForMachinesMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "rdfast.web.middleware.AccountLanguageMiddleware",
    "rdfast.web.middleware.OnePageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "rdfast.urls"
WSGI_APPLICATION = "rdfast.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django_cotton.cotton_loader.Loader",
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "builtins": ["django_cotton.templatetags.cotton", "rdfast.web.templatetags.rdfast"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "rdfast.web.context.every_page",
            ],
        },
    }
]

FORM_RENDERER = "rdfast.web.forms.renderer.FormRenderer"

try:
    _DATABASE = dj_database_url.parse(os.environ.get("DATABASE_URL") or addresses.database_url())
except ValueError:
    raise ImproperlyConfigured(
        "DATABASE_URL cannot be read: write postgres://user:password@host:5432/name."
    ) from None
DATABASES = {
    "default": {
        **_DATABASE,
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 5, **_DATABASE.get("OPTIONS", {})},
    }
}
# What the database is told when a program connects (rdfast.core.limits): seconds, 0 for no limit. A person's request
# gives up and says so; a task, tried again anyway, may take longer.
DATABASE_LIMITS = {
    role: {
        name: int(os.environ.get(f"RDFAST_{role}_{name}".upper()) or seconds)
        for name, seconds in limits.items()
    }
    for role, limits in {
        "web": {"statement_timeout": 15, "lock_timeout": 10, "idle_in_transaction_session_timeout": 30},
        "worker": {"statement_timeout": 60, "lock_timeout": 30, "idle_in_transaction_session_timeout": 60},
    }.items()
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
# The first one makes new hashes; an older hash is made anew at its owner's next sign-in.
PASSWORD_HASHERS = [
    "rdfast.people.hashers.LeanArgon2Hasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "home"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25  # hours
# Whoever goes on trying while locked out is let in after that time all the same, as the page says.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_CLIENT_IP_CALLABLE = "rdfast.web.callers.address_of"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "public/locked_out.html"
# Both the sign-in form and signing hand over what was typed by this name; otherwise failures count for nobody.
AXES_USERNAME_FORM_FIELD = "username"
AXES_ENABLE_ADMIN = False

# Nothing in a request talks to Redis: sessions are rows, the cache is the process's own memory.
SESSION_ENGINE = "django.contrib.sessions.backends.db"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

LANGUAGE_CODE = "ko"
LANGUAGES = [("ko", _("Korean")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = os.environ.get("RDFAST_TIME_ZONE", "Asia/Seoul")
USE_TZ = True
USE_THOUSAND_SEPARATOR = True
HOLIDAY_COUNTRY = os.environ.get("RDFAST_HOLIDAY_COUNTRY", "KR")

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = addresses.data_folder() / "static"
WHITENOISE_USE_FINDERS = True
MEDIA_ROOT = addresses.data_folder() / "files"
# Where applicants pay back to, in words; empty: the finance officer tells each of them.
REPAYMENT_ACCOUNT = os.environ.get("RDFAST_REPAYMENT_ACCOUNT", "")
UPLOAD_LIMIT_BYTES = 20 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 3000

EMAIL_BACKEND = os.environ.get(
    "RDFAST_EMAIL_BACKEND",
    # A demo sends nothing: its mailbox page shows what would have been sent.
    "django.core.mail.backends.dummy.EmailBackend" if DEMO else "django.core.mail.backends.smtp.EmailBackend",
)
EMAIL_HOST = os.environ.get("RDFAST_EMAIL_HOST", "localhost")
EMAIL_PORT = int(os.environ.get("RDFAST_EMAIL_PORT", "25"))
EMAIL_HOST_USER = os.environ.get("RDFAST_EMAIL_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("RDFAST_EMAIL_PASSWORD", "")
_EMAIL_TLS = os.environ.get("RDFAST_EMAIL_TLS", "")
if _EMAIL_TLS not in {"", "starttls", "tls"}:
    raise ImproperlyConfigured("RDFAST_EMAIL_TLS is starttls, tls, or empty for none.")
EMAIL_USE_TLS, EMAIL_USE_SSL = _EMAIL_TLS == "starttls", _EMAIL_TLS == "tls"
EMAIL_TIMEOUT = 10
SITE_URL = (os.environ.get("RDFAST_URL") or f"http://localhost:{addresses.web_port()}").rstrip("/")
DEFAULT_FROM_EMAIL = os.environ.get("RDFAST_EMAIL_FROM", "rdfast@localhost")

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Set RDFAST_HTTPS=1 behind a proxy that ends TLS and sets X-Forwarded-Proto and X-Forwarded-For.
if _flag("RDFAST_HTTPS"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = 31_536_000

# Redis is a hint, never the record: everything a task does is a row that the next tick finds again.
REDIS_URL = os.environ.get("REDIS_URL") or addresses.redis_url()
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_DEFAULT_QUEUE = "celery"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 5
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_SOFT_TIME_LIMIT = 100
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,
    "unacked_restore_throttle": 1,
    "socket_timeout": 2,
    "socket_connect_timeout": 2,
}
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULER = "rdfast.tasks.beat:SteadyScheduler"
# A tick that nobody took within its interval is worthless: the next one does its work.
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "rdfast.tasks.sweep", "schedule": 5.0, "options": {"expires": 10}},
    "deliver": {"task": "rdfast.tasks.deliver", "schedule": 2.0, "options": {"expires": 10}},
    # Does nothing once the night's check is made; one that a tick lost is made at the next.
    "check": {"task": "rdfast.tasks.check", "schedule": 600.0, "options": {"expires": 600}},
}

# Who scrapes /metrics shows this token; without one set, only this very machine may.
METRICS_TOKEN = os.environ.get("RDFAST_METRICS_TOKEN", "")

# RDFAST_LOG=json: one object a line, for collectors. Celery leaves this alone (rdfast.celery).
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "rdfast.monitoring.logs.Line"},
        "json": {"()": "rdfast.monitoring.logs.JsonLine"},
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "json" if os.environ.get("RDFAST_LOG") == "json" else "line",
        }
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {"rdfast": {"level": "INFO"}, "celery": {"level": "INFO"}},
}
SILENCED_SYSTEM_CHECKS = ["security.W004", "security.W008", "security.W012", "security.W016"]
