"""Settings, read from the environment; the README lists every variable with its default.

Without DEBUG nothing secret has a default: a missing SECRET_KEY or JOURNAL_KEY stops the start.
"""

from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import bootstrap
import environ
from csp.constants import NONE, SELF
from django.contrib.messages import constants as message_levels
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

DEBUG = env.bool("DEBUG", default=False)
DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var"))).resolve()


def secret(name: str) -> str:
    """A required secret: from the environment; a fixed one only while developing."""
    value: str = env.str(name, default="")
    if value:
        return value
    if DEBUG:
        return f"development-only-{name.lower()}-never-use-it-in-production-0123456789"
    raise ImproperlyConfigured(
        f"{name} is not set. Make one with `openssl rand -base64 48` and put it in the environment, "
        "or set DEBUG=1 to try the portal on your own machine."
    )


SECRET_KEY = secret("SECRET_KEY")
# Key of the journal's hash chain: kept apart from SECRET_KEY, which may be rotated; this one may not.
JOURNAL_KEY = secret("JOURNAL_KEY")
# The authority's own kinds of documents, beside those supplied: a folder for each.
KINDS_DIR = env.str("KINDS_DIR", default="")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"] if DEBUG else [])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# The portal's address as the public knows it: printed on paper, so it must still be right in ten years.
PUBLIC_BASE_URL = env.str("PUBLIC_BASE_URL", default="").rstrip("/")

INSTALLED_APPS = [
    "ntm_portal.apps.PortalConfig",
    "reports",
    "inspections",
    "criteria",
    "communes",
    "ntm_portal.apps.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "django_tasks",
    "django_tasks_db",
    "axes",
    "csp",
    "rest_framework",
    "rest_framework.authtoken",
    "drf_spectacular",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "ntm_portal.middleware.ClientAddressMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "ntm_portal.middleware.IdleSignOutMiddleware",
    "ntm_portal.middleware.PasswordChangeMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "ntm_portal.urls"
WSGI_APPLICATION = "ntm_portal.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "ntm_portal.context.portal",
            ],
            "builtins": ["ntm_portal.templatetags.portal"],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# ---------------------------------------------------------------- data

DATABASES = {"default": env.db_url("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'ntm.sqlite3'}")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    # A writer takes the write lock when it begins and waits for its turn: with the default (deferred)
    # transactions two read-then-write requests at once end in "database is locked".
    DATABASES["default"].setdefault("OPTIONS", {}).update(
        transaction_mode="IMMEDIATE",
        timeout=20,
        init_command="PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
    )
else:
    DATABASES["default"].update(CONN_MAX_AGE=60, CONN_HEALTH_CHECKS=True)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default=str(DATA_DIR / "media")))
# Evidence is never served from an address of its own, only through a permission check.
MEDIA_URL = ""
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(DATA_DIR / "static")))
STATICFILES_DIRS = [("bootstrap", next(iter(bootstrap.__path__)))]
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": MEDIA_ROOT,
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ["map", "png", "jpg", "gz", "br", "woff2", "ico"]
# Where nginx keeps an `internal` location for MEDIA_ROOT, files are handed over to it (X-Accel-Redirect).
ACCEL_PREFIX = env.str("ACCEL_PREFIX", default="")

EVIDENCE_MAX_BYTES = env.int("EVIDENCE_MAX_BYTES", default=25 * 1024 * 1024)
# Larger bodies are spooled to disk by Django; the whole request may carry several files.
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_TEMP_DIR = None
DATA_UPLOAD_MAX_NUMBER_FILES = 20

# Folder with the four faces of Tinos or LiberationSerif (version 2 or later); empty: where Debian puts them.
FONT_DIR = env.str("FONT_DIR", default="")

CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    # How often people call the API: shared by all workers, so in the database; reports/migrations makes the table.
    "throttle": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "ntm_throttle",
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    },
}

# Folder of PEM certificates of the certification authorities that are trusted; empty: trust is not checked.
SIGNING_TRUST_ROOTS = env.str("SIGNING_TRUST_ROOTS", default="")
# Real width of the agency's round seal in millimetres: its picture is printed at that size.
SEAL_MM = env.float("SEAL_MM", default=36.0)

# ---------------------------------------------------------------- language, time

LANGUAGE_CODE = "vi"
LANGUAGES = [("vi", "Tiếng Việt")]
FORMAT_MODULE_PATH = ["ntm_portal.formats"]
LOCALE_PATHS = [BASE_DIR / "ntm_portal" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Ho_Chi_Minh"
# Only for the demonstration: the day the demo data is made for (ISO date); empty means the real day.
DEMO_TODAY = env.str("DEMO_TODAY", default="")

# ---------------------------------------------------------------- people

AUTH_USER_MODEL = "communes.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
# Locked by person and address together: a whole commune may share one address of its mobile network.
AXES_FAILURE_LIMIT = env.int("AXES_FAILURE_LIMIT", default=8)
AXES_COOLOFF_TIME = timedelta(minutes=30)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_CALLABLE = "ntm_portal.views.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_IPWARE_PROXY_COUNT = 0
# ClientAddressMiddleware has already put the right address here.
AXES_IPWARE_META_PRECEDENCE_ORDER = ["REMOTE_ADDR"]
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
# The number of proxies of ours in front of gunicorn (0 or 1); with 1, nginx must overwrite X-Forwarded-For.
PROXY_COUNT = env.int("PROXY_COUNT", default=0)

IDLE_SIGN_OUT_MINUTES = env.int("IDLE_SIGN_OUT_MINUTES", default=60)
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True

# ---------------------------------------------------------------- the wire

HTTPS = env.bool("HTTPS", default=not DEBUG)
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^suc-khoe/$"]
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
if PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "ntm_portal.views.csrf_failure"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        # data: for the arrows that Bootstrap draws in its style sheet, blob: for a photo just taken.
        "img-src": [SELF, "data:", "blob:"],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    }
}

# ---------------------------------------------------------------- the API

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "ntm_portal.api.access.ByToken",
        "ntm_portal.api.access.BySession",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "ntm_portal.api.frame.JsonOrFile",
    "DEFAULT_PAGINATION_CLASS": "ntm_portal.api.frame.Pages",
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_THROTTLE_CLASSES": ["ntm_portal.api.access.PersonThrottle"],
    "DEFAULT_SCHEMA_CLASS": "ntm_portal.api.schema.Described",
    "EXCEPTION_HANDLER": "ntm_portal.api.problems.on_error",
    # REMOTE_ADDR is the client's own address: ClientAddressMiddleware sees to it.
    "NUM_PROXIES": 0,
    "UNAUTHENTICATED_TOKEN": None,
    "URL_FORMAT_OVERRIDE": None,
}
# Of one address, beside the lock of axes; of one person.
API_SIGN_IN_RATE = "30/min"
API_RATE = env.str("API_RATE", default="600/min")
API_TOKEN_DAYS = env.int("API_TOKEN_DAYS", default=90)

SPECTACULAR_SETTINGS = {
    "TITLE": "API của Cổng theo dõi tiêu chí nông thôn mới",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "COMPONENT_SPLIT_PATCH": False,
    "ENUM_ADD_EXPLICIT_BLANK_NULL_CHOICE": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "ntm_portal.api.schema.complete",
    ],
    "ENUM_NAME_OVERRIDES": {
        "DossierStatus": "inspections.models.Dossier.Status",
        "RoundStatus": "inspections.models.InspectionRound.Status",
        "SetStatus": "criteria.models.CriteriaSet.Status",
        "ItemStatus": "inspections.models.ReturnItem.Status",
        "NoticeStatus": "reports.models.Notice.Status",
        "RecommendationStatus": "reports.models.Recommendation.Status",
        "AuthorityKind": "communes.models.Authority.Kind",
        "CommuneKind": "communes.models.Commune.Kind",
        "VillageKind": "communes.models.Village.Kind",
        "EvidenceKind": "inspections.models.Evidence.Kind",
        "Judgement": "criteria.judgement.Judgement",
        "IndicatorKind": "criteria.measures.Kind",
    },
}

# ---------------------------------------------------------------- in the background: tasks, mail

# Django's task interface; its tables stand in the portal's own database, so a task is asked for in a transaction.
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
# The hour in Vietnam from which reminders are told and the day's mails are made.
DAILY_HOUR = env.int("DAILY_HOUR", default=7)

# "none": this office sends no mail. While developing and in the demonstration mails are files in DATA_DIR.
MAIL_URL = env.str("EMAIL_URL", default=f"filemail:///{quote(str(DATA_DIR / 'mail'))}" if DEBUG else "")
HAS_MAIL = MAIL_URL not in ("", "none")
vars().update(env.email_url_config(MAIL_URL if HAS_MAIL else "dummymail://"))
EMAIL_TIMEOUT = env.int("EMAIL_TIMEOUT", default=30)
EMAIL_USE_LOCALTIME = True
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="ntm@localhost")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# For so long a process that took a mail or a task is believed to be at work on it, before another takes it over:
# longer than a mail server may take with all its steps.
LEASE_SECONDS = env.int("LEASE_SECONDS", default=15 * 60)

# ---------------------------------------------------------------- words

COORDINATOR_NAME = env.str("COORDINATOR_NAME", default="Văn phòng Điều phối nông thôn mới")
COORDINATOR_PHONE = env.str("COORDINATOR_PHONE", default="")
MESSAGE_TAGS = {message_levels.ERROR: "danger"}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    # django_tasks_db says at each look for work that there is none.
    "loggers": {name: {"level": "WARNING"} for name in ("axes", "fontTools", "django_tasks_db")},
}
