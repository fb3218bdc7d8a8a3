"""All settings of Patchboard, read once from the environment (docs/configuration.md lists them)."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

from webapp.kit.settings import BadSetting, envbool, envcron, envint, envlimit, envlist, envsecret, envstr

ROOT = Path(__file__).resolve().parent
VERSION = "0.1.0"
MEGABYTE = 1024 * 1024
KEEP = {"KEEP_DELETED_UPLOADS_DAYS": 30, "KEEP_DELIVERIES_DAYS": 90, "KEEP_JOBS_DAYS": 7, "KEEP_REPORT_FILES_DAYS": 365,
        "KEEP_SIGN_INS_DAYS": 90, "KEEP_USAGE_DAYS": 180, "KEEP_WEBHOOK_BODIES_DAYS": 30}
"""How long things are kept, in days; 0 is for ever. The audit log is always."""


def settings() -> dict[str, Any]:
    """The configuration of the Flask application; raises BadSetting for what cannot be meant."""
    environment = envstr("ENVIRONMENT", "production", ("production", "development", "test"))
    known = addresses()
    secret = known["SECRET_KEY"]
    if len(secret) < 32:
        raise BadSetting("SECRET_KEY must have at least 32 characters; make one with: openssl rand -hex 32")
    secure = envbool("SECURE_COOKIES", envbool("FORCE_HTTPS", False))
    return {
        "ENVIRONMENT": environment,
        "TESTING": environment == "test",
        "VERSION": VERSION,
        "SECRET_KEY": secret,
        "ENCRYPTION_KEYS": encryption_keys(),
        "PUBLIC_URL": envstr("PUBLIC_URL").rstrip("/"),
        "REGISTRATION": envbool("REGISTRATION", False),
        "REQUIRE_SUPERUSER_TWO_FACTOR": envbool("REQUIRE_SUPERUSER_TWO_FACTOR", False),
        **mail_settings(),
        **notification_settings(),
        **feed_settings(environment),
        "PROXY_HOPS": envint("PROXY_HOPS", 0, 0, 5),
        "FORCE_HTTPS": envbool("FORCE_HTTPS", False),
        "ALLOWED_HOSTS": [host.lower() for host in envlist("ALLOWED_HOSTS")],
        "CORS_ORIGINS": envlist("CORS_ORIGINS"),
        "CORS_CREDENTIALS": envbool("CORS_CREDENTIALS", False),
        "PROFILE_DIR": envstr("PROFILE_DIR"),
        "LOG_LEVEL": envstr("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR")),
        "REDIS_URL": known["REDIS_URL"],
        "STORAGE_DIR": envstr("STORAGE_DIR", str(ROOT / "instance" / "storage")),
        "STORAGE": storage_settings(),
        "CLAMD_URL": clamd_url(),
        "METRICS_TOKEN": envsecret("METRICS_TOKEN"),
        "AUDIT_KEY": envsecret("AUDIT_KEY"),
        "AUDIT_KEYS_BEFORE": [key.strip() for key in envsecret("AUDIT_KEYS_BEFORE").split(",") if key.strip()],
        "LIVE_CONNECTIONS": envint("LIVE_CONNECTIONS", 500, 0, 20_000),
        "REPORT_BUILD_PAUSE_MS": envint("REPORT_BUILD_PAUSE_MS", 0, 0, 10_000) if environment == "test" else 0,
        **database_settings(known["DATABASE_URL"], known["MIGRATION_DATABASE_URL"]),
        **session_settings(secret, secure),
        **{name: envint(name, days, 0, 36_500) for name, days in KEEP.items()},
        **limit_settings(),
    }


def encryption_keys() -> list[str]:
    """The keys of secrets at rest, by comma or line; the first encrypts. None: one derived from SECRET_KEY."""
    keys = [key for key in re.split(r"[,\s]+", envsecret("ENCRYPTION_KEYS")) if key]
    if any(len(key) < 32 for key in keys):
        raise BadSetting("Each of ENCRYPTION_KEYS must have at least 32 characters; make one with: openssl rand -hex 32")
    return keys


def mail_settings() -> dict[str, Any]:
    """Where mail is handed over; without MAIL_URL this server sends none."""
    url, origin = envsecret("MAIL_URL"), envstr("MAIL_FROM")
    if url:
        from webapp.kit.mail import MailServer, sender

        MailServer.of(url)
        sender(origin)
        if not envstr("PUBLIC_URL"):
            raise BadSetting("MAIL_URL needs PUBLIC_URL: links in mails name the server, and never trust what a request says.")
    return {"MAIL_URL": url, "MAIL_FROM": origin, "MAIL_ATTACHMENTS_MAX_MB": envint("MAIL_ATTACHMENTS_MAX_MB", 10, 0, 100)}


def storage_settings() -> Any:
    """Where files are kept beside the disk; None for STORAGE_DIR."""
    from webapp.kit.storage.address import storage_address

    return storage_address()


def clamd_url() -> str:
    """Where uploads are scanned; empty: nowhere."""
    from webapp.kit.clamd import Scanner

    url = envstr("CLAMD_URL")
    if url:
        Scanner.of(url)
    return url


def notification_settings() -> dict[str, Any]:
    """How messages are gathered, and where this server may post to at the word of its people."""
    from webapp.kit.outgoing import networks

    try:
        allowed = networks(envlist("OUTGOING_NETWORKS"))
    except ValueError:
        raise BadSetting("OUTGOING_NETWORKS must be networks such as 10.0.0.0/8, by comma.") from None
    return {
        "OUTGOING_NETWORKS": allowed,
        "OUTGOING_TIMEOUT_SECONDS": envint("OUTGOING_TIMEOUT_SECONDS", 10, 1, 60),
        "NOTIFY_GATHER_SECONDS": envint("NOTIFY_GATHER_SECONDS", 15, 0, 3600),
        "NOTIFY_PAUSE_SECONDS": envint("NOTIFY_PAUSE_SECONDS", 300, 0, 86_400),
        "NOTIFY_DUE_SOON_HOURS": envint("NOTIFY_DUE_SOON_HOURS", 24, 1, 720),
    }


FEED_SERVERS = {
    "UPDATES_URL": "https://updates.drupal.org/release-history",
    "OSV_URL": "https://osv-vulnerabilities.storage.googleapis.com/Packagist",
    "OSV_API_URL": "https://api.osv.dev/v1",
    "DRUPAL_API_URL": "https://www.drupal.org/api-d7",
    "PSA_URL": "https://updates.drupal.org/psa.json",
}


def feed_server(name: str) -> str:
    """The address of a server that is asked, without a slash at its end."""
    url = envstr(name, FEED_SERVERS[name]).rstrip("/")
    if not re.fullmatch(r"https?://[^/?#@\s]+(/[^?#\s]*)?", url):
        raise BadSetting(f"{name} must be a web address, such as {FEED_SERVERS[name]}.")
    return url


def _proxies() -> Any:
    """The proxies through which feeds and advisories are fetched, by the names that other programs read, in capitals or not."""
    from webapp.catalog.feeds.proxies import BadProxy, Proxies, Proxy

    def proxy(name: str) -> Proxy | None:
        try:
            return Proxy.of(envsecret(name) or envsecret(name.lower()))
        except BadProxy as problem:
            raise BadSetting(f"{name} {problem}") from None

    return Proxies(proxy("HTTPS_PROXY"), proxy("HTTP_PROXY"), envstr("NO_PROXY", envstr("no_proxy", "")))


def _ages() -> dict[str, int]:
    """When feeds are asked for anew, and at what age they make no site OK any more: four times that, a day at least."""
    minutes = envint("FEEDS_INTERVAL_MINUTES", 360, 5, 10_080)
    hours = envint("FEEDS_STALE_HOURS", max(24, minutes * 4 // 60), 1, 24 * 366)
    if hours * 60 <= minutes:
        raise BadSetting("FEEDS_STALE_HOURS must be longer than FEEDS_INTERVAL_MINUTES, or feeds are stale before they are asked for.")
    return {"FEEDS_INTERVAL_MINUTES": minutes, "FEEDS_STALE_HOURS": hours}


def feed_settings(environment: str) -> dict[str, Any]:
    """Where release feeds and advisories come from, and how they are asked for; in production only, unless it says otherwise."""
    return {
        "FEEDS_ENABLED": envbool("FEEDS_ENABLED", environment == "production"),
        **{name: feed_server(name) for name in FEED_SERVERS},
        "ADVISORIES_SCHEDULE": envcron("ADVISORIES_SCHEDULE", "11 * * * *"),
        "ADVISORIES_WATCH": envcron("ADVISORIES_WATCH", "* 16-21 * * 3"),
        "FEEDS_SCHEDULE": envcron("FEEDS_SCHEDULE", "23 * * * *"),
        "FEEDS_WATCH": envcron("FEEDS_WATCH", "* 16-21 * * 3"),
        **_ages(),
        "FEEDS_PROXIES": _proxies(),
        "FEEDS_PER_RUN": envint("FEEDS_PER_RUN", 100, 1, 10_000),
        "FEEDS_PAUSE_MS": envint("FEEDS_PAUSE_MS", 1000, 0, 60_000),
        "FEEDS_TIMEOUT_SECONDS": envint("FEEDS_TIMEOUT_SECONDS", 20, 1, 300),
    }


def addresses() -> dict[str, str]:
    """Where PostgreSQL and Redis are, and the secret key: as set, else those of the servers that `make run` has started."""
    known = {name: envsecret(name) for name in ("DATABASE_URL", "MIGRATION_DATABASE_URL", "REDIS_URL", "SECRET_KEY")}
    if not (known["DATABASE_URL"] and known["REDIS_URL"]):
        from webapp.kit.local import addresses as embedded  # only where nothing is set

        local = embedded()
        if known["DATABASE_URL"]:
            local = {name: value for name, value in local.items() if "DATABASE_URL" not in name}
        known = {name: value or local.get(name, "") for name, value in known.items()}
    return known | {"MIGRATION_DATABASE_URL": known["MIGRATION_DATABASE_URL"] or known["DATABASE_URL"]}


def database_settings(url: str, owner_url: str) -> dict[str, Any]:
    """SQLAlchemy's settings; `pool_pre_ping` makes a restart of PostgreSQL invisible."""
    return {
        "SQLALCHEMY_DATABASE_URI": with_driver(url),
        "MIGRATION_DATABASE_URL": with_driver(owner_url),
        "SQLALCHEMY_ECHO": envbool("SQL_ECHO", False),
        "SQLALCHEMY_ENGINE_OPTIONS": {
            "pool_pre_ping": True,
            "hide_parameters": True,  # what is logged of a statement, an error included, names no values: they may be secrets
            "pool_size": envint("DATABASE_POOL_SIZE", 8, 1, 200),
            "max_overflow": envint("DATABASE_POOL_OVERFLOW", 8, 0, 200),
            "pool_timeout": 10,
            "connect_args": {"connect_timeout": 5, "application_name": "patchboard"},
        },
    }


def with_driver(url: str) -> str:
    """The address with psycopg2 named, whatever form a hosting company gives it in."""
    return re.sub(r"^postgres(ql)?://", "postgresql+psycopg2://", url)


def session_settings(secret: str, secure: bool) -> dict[str, Any]:
    """Cookies, JWT and CSRF."""
    return {
        "SESSION_COOKIE_NAME": "patchboard",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": secure,
        "PERMANENT_SESSION_LIFETIME": timedelta(hours=12),
        "REMEMBER_COOKIE_NAME": "patchboard_remember",
        "REMEMBER_COOKIE_DURATION": timedelta(days=30),
        "REMEMBER_COOKIE_HTTPONLY": True,
        "REMEMBER_COOKIE_SAMESITE": "Lax",
        "REMEMBER_COOKIE_SECURE": secure,
        "JWT_SECRET_KEY": secret,
        "JWT_ACCESS_TOKEN_EXPIRES": timedelta(minutes=envint("ACCESS_TOKEN_MINUTES", 30, 1, 30)),
        "JWT_REFRESH_TOKEN_EXPIRES": timedelta(days=envint("REFRESH_TOKEN_DAYS", 30, 1, 365)),
        "WTF_CSRF_CHECK_DEFAULT": False,
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_SSL_STRICT": False,
    }


def limit_settings() -> dict[str, Any]:
    """How much one caller may ask for; every one is a setting of its own (contract §1, limits)."""
    return {
        "MAX_BODY_BYTES": envint("MAX_BODY_MB", 5, 1, 100) * MEGABYTE,
        "UPLOAD_MAX_BYTES": envint("UPLOAD_MAX_MB", 25, 1, 1024) * MEGABYTE,
        "LIMIT_ANONYMOUS": envlimit("LIMIT_ANONYMOUS", "100/minute;1000/hour"),
        "LIMIT_PERSON": envlimit("LIMIT_PERSON", "5000/hour;1000/minute"),
        "LIMIT_API_KEY": envlimit("LIMIT_API_KEY", "1000/hour;300/minute"),
        "LIMIT_SITE_REPORTS": envlimit("LIMIT_SITE_REPORTS", "120/minute;2000/hour"),
        "LIMIT_WEBHOOKS": envlimit("LIMIT_WEBHOOKS", "600/minute;20000/hour"),
        "LIMIT_LOGIN": envlimit("LIMIT_LOGIN", "20/minute"),
        "LIMIT_LOGIN_FAILURES": envlimit("LIMIT_LOGIN_FAILURES", "10/hour"),
        "LIMIT_RESETS": envlimit("LIMIT_RESETS", "5/hour"),
        "LIMIT_RESET_TRIES": envlimit("LIMIT_RESET_TRIES", "30/hour"),
        "LIMIT_ADDRESS_FAILURES": envlimit("LIMIT_ADDRESS_FAILURES", "200/hour"),
        "LIMIT_REPORT_BUILDS": envlimit("LIMIT_REPORT_BUILDS", "30/minute;300/hour"),
        "LIMIT_UPLOADS": envlimit("LIMIT_UPLOADS", "60/minute;600/hour"),
        "LIMIT_EXPORTS": envlimit("LIMIT_EXPORTS", "30/minute;300/hour"),
        "LIMITS_ENABLED": envbool("LIMITS_ENABLED", True),
    }
