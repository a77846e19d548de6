"""Django's settings: one file for every place it runs; what differs comes from the environment (env.py)."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from servicedesk import env
from servicedesk.logs import logging_config

BASE_DIR = Path(__file__).resolve().parent.parent
DESK = env.read(BASE_DIR)

DEBUG = DESK.debug
SECRET_KEY = DESK.secret_key
ALLOWED_HOSTS = DESK.allowed_hosts
ALLOWED_TARGETS = DESK.allowed_targets
HEARTBEAT_URL = DESK.heartbeat_url
BASE_URL = DESK.base_url
DATA_DIR = DESK.data_dir
DESK_ENV = "production" if DESK.production else "local"
DESK_WAKE_WORKERS = DESK.wake_workers  # off in tests: a commit then leaves its work for the sweeps alone
HTTPS = BASE_URL.startswith("https://")

ROOT_URLCONF = "servicedesk.urls"
WSGI_APPLICATION = "servicedesk.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The desk's own rooms, from low to high; a room imports only from those above it in this list.
ROOMS = [
    "core.common",
    "core.timers",
    "core.audit",
    "core.accounts",
    "core.files",
    "core.search",
    "core.outbox",
    "catalogue",
    "customers",
    "sla",
    "escalation",
    "worklog",
    "tickets",
    "incidents",
    "problems",
    "changes",
    "reports",
    "portal",
    "webhooks",
    "servicedesk",
]
INSTALLED_APPS = [
    "servicedesk.admin_config.DeskAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",  # its widget templates, under ours
    *ROOMS,
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "core.accounts.middleware.ActorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
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
                "servicedesk.navigation.shell",
            ],
            # The desk's parts are words of the template language here: no page has to load them.
            "builtins": ["servicedesk.templatetags.desk", "servicedesk.templatetags.charts"],
        },
    },
]
# Our parts replace Django's form widgets' templates where a template of that name exists.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- data -------------------------------------------------------------------------------------------------
DATABASES = {"default": DESK.database}
# Django's own limit of 300 entries would forget who asked how often as soon as 300 others, or people who look at a
# page, come by. 100,000 short entries are some tens of megabytes.
_IN_MEMORY: dict[str, Any] = {
    "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
    "OPTIONS": {"MAX_ENTRIES": 100_000},
}
if DESK.redis_url:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": DESK.redis_url,
            "KEY_PREFIX": "desk",
            "OPTIONS": {"serializer": "servicedesk.cache.JSONSerializer"},
        },
    }
else:
    # Without Redis everything runs in one process (manage.py desk), so its memory is the shared cache.
    CACHES = {"default": {**_IN_MEMORY, "LOCATION": "desk"}}
# What is read on every row of a list and may be half a minute old stays in the memory of each process.
CACHES["local"] = {**_IN_MEMORY, "LOCATION": "local"}
SESSION_SERIALIZER = "django.contrib.sessions.serializers.JSONSerializer"
# Addresses that never look at a session: they answer while the database is away.
WITHOUT_SESSION = ("/status/", "/healthz", "/readyz", "/metrics")
FILES_DIR = DATA_DIR / "files"

# --- language and time ------------------------------------------------------------------------------------
LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

# --- static files -----------------------------------------------------------------------------------------
STATIC_URL = "/static/"
# Locally WhiteNoise takes the files from where they are; production collects them once, into the image.
STATIC_ROOT = BASE_DIR / "staticfiles" if DESK.production else None
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": FILES_DIR}},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if DESK.production
        else "django.contrib.staticfiles.storage.StaticFilesStorage",
    },
}
WHITENOISE_USE_FINDERS = not DESK.production

# --- login ------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "core.accounts.backends.RoleBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "servicedesk.login.AccountAdapter"
SOCIALACCOUNT_ADAPTER = "servicedesk.login.SocialAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
ALLAUTH_TRUSTED_PROXY_COUNT = DESK.proxies
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not DESK.production
MFA_TOTP_ISSUER = "Service desk"

# --- security headers -------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],  # data: for the QR code when a person sets up TOTP
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    },
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
CSRF_TRUSTED_ORIGINS = ["{0.scheme}://{0.netloc}".format(urlsplit(BASE_URL))]
CSRF_FAILURE_VIEW = "django.views.csrf.csrf_failure"
if DESK.proxies:
    # The proxy in front must set X-Forwarded-Proto itself and drop what a client sends.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
if DESK.production:
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]  # asked from inside, without the proxy
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500

# --- mail -------------------------------------------------------------------------------------------------
DEFAULT_FROM_EMAIL = SERVER_EMAIL = DESK.mail_from
EMAIL_BACKEND = (
    "servicedesk.mail.FolderBackend" if DESK.mail.folder else "django.core.mail.backends.smtp.EmailBackend"
)
EMAIL_FILE_PATH = DESK.mail.folder
EMAIL_HOST = DESK.mail.host
EMAIL_PORT = DESK.mail.port
EMAIL_HOST_USER = DESK.mail.user
EMAIL_HOST_PASSWORD = DESK.mail.password
EMAIL_USE_SSL = DESK.mail.tls
EMAIL_USE_TLS = DESK.mail.starttls
EMAIL_TIMEOUT = DESK.mail.timeout
OWN_DOMAINS = DESK.own_domains  # addresses there are the desk's own house and need no confirmation
INCIDENT_CONNECTIONS = (
    DESK.incident_connections
)  # threads, and so connections, of one worker in the incident lane
LANE_CONNECTIONS = DESK.lane_connections  # in each of the other lanes
UNDELIVERED_MINUTES = DESK.undelivered_minutes

# --- API --------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "core.accounts.authentication.BearerAuthentication",
        "core.accounts.authentication.DoorSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "core.common.api.Negotiation",
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_PARSER_CLASSES": ["core.common.api.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_FILTER_BACKENDS": ["core.common.filters.StrictFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "core.common.api.KeysetPagination",
    "DEFAULT_SCHEMA_CLASS": "core.accounts.schema.DeskSchema",
    "EXCEPTION_HANDLER": "core.common.problems.problem_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "NUM_PROXIES": DESK.proxies,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Service desk",
    "DESCRIPTION": "Tickets, incidents, problems and changes of one service desk.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": ["core.accounts.schema.document_problems"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

# --- Celery: wake-ups only, see docs/adr/0004 -----------------------------------------------------------
CELERY_BROKER_URL = DESK.redis_url or "memory://localhost/"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "servicedesk.beat.SteadyScheduler"
# A tick that nobody took within one period is worth nothing: the next one does the same.
CELERY_BEAT_SCHEDULE = {"tick": {"task": "servicedesk.tick", "schedule": 10.0, "options": {"expires": 10}}}
if DESK.redis_url:
    # Celery's own values bring a crashed worker's task back only after an hour.
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 600,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
    }

# --- logs -------------------------------------------------------------------------------------------------
LOGGING = logging_config(level=DESK.log_level, as_json=DESK.production)
