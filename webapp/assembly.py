"""Putting the application together: settings, extensions, rooms. The one place that knows all rooms."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any
from wsgiref.headers import Headers

from flask import Flask
from flask_migrate import Migrate
from werkzeug.middleware.proxy_fix import ProxyFix
from whitenoise import WhiteNoise

import config
from webapp.accounts.identity import identify, register_identity
from webapp.audit.actions import record_refusal
from webapp.examples import TAGS, WORDS
from webapp.kit.db import db
from webapp.kit.jobs import register_jobs
from webapp.kit.logs import configure_logs
from webapp.kit.redis import register_redis
from webapp.kit.secrets import register_secrets
from webapp.kit.web.csrf import register_csrf
from webapp.kit.web.errors import register_errors
from webapp.kit.web.limits import register_limits
from webapp.kit.web.openapi_examples import register_words
from webapp.kit.web.origins import PlainAddresses, register_origins
from webapp.kit.web.profiling import Profiled
from webapp.kit.web.requests import ALWAYS, register_entrance, register_requests
from webapp.rooms import BLUEPRINTS, COMMANDS, JOBS
from webapp.shell import register_shell

migrate = Migrate()
OF_FILES = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox"}
"""Beside the headers of all answers: a file that is opened by itself (a picture in SVG) runs nothing."""


def assemble(overrides: dict[str, Any]) -> Flask:
    app = Flask("webapp", root_path=str(config.ROOT / "webapp"), template_folder=str(config.ROOT / "templates"),
                static_folder=str(config.ROOT / "static"), instance_path=str(config.ROOT / "instance"))
    app.config.from_mapping({**config.settings(), **overrides})
    app.config["MAX_CONTENT_LENGTH"] = None
    configure_logs(app.config["LOG_LEVEL"])
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    _extend(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    for command in COMMANDS:
        app.cli.add_command(command)
    if app.config["PROFILE_DIR"]:
        app.wsgi_app = Profiled(app.wsgi_app, Path(app.config["PROFILE_DIR"]))  # type: ignore[method-assign]
    app.wsgi_app = PlainAddresses(app.wsgi_app)  # type: ignore[method-assign]
    if app.config["PROXY_HOPS"]:
        hops = app.config["PROXY_HOPS"]
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    if app.config["ENVIRONMENT"] == "production":
        app.wsgi_app = WhiteNoise(app.wsgi_app, root=str(config.ROOT / "static"), prefix="static/", max_age=3600,  # type: ignore[method-assign]
                                  add_headers_function=_head_file)
    return app


def _head_file(headers: Headers, *_: object) -> None:
    for name, value in {**ALWAYS, **OF_FILES}.items():
        headers[name] = value


def _extend(app: Flask) -> None:
    db.init_app(app)
    migrate.init_app(app, db, directory=str(config.ROOT / "migrations"))
    register_redis(app)
    register_secrets(app)
    register_identity(app)
    register_limits(app)
    register_requests(app)
    register_origins(app)
    register_entrance(app, identify)
    register_csrf(app)
    register_errors(app)
    app.extensions["patchboard_refusals"] = record_refusal
    register_jobs(app, JOBS)
    register_words(app, WORDS, TAGS)
    register_shell(app)
