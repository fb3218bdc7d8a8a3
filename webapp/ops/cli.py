"""`flask --app wsgi init-db`: the database as it has to be, however often it is run."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import with_appcontext
from flask_migrate import upgrade
from psycopg2 import sql
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool

WHOLE = "SELECT, INSERT, UPDATE, DELETE"
GRANTS = {"audit_log": "SELECT, INSERT", "audit_seals": "SELECT, INSERT", "audit_checks": "SELECT, INSERT",
          "inventory_reports": "SELECT, INSERT", "notification_attempts": "SELECT, INSERT"}
TABLES = """
SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
"""


@click.command("init-db")
@with_appcontext
def init_db() -> None:
    """Migrates the database and gives the application's role what it needs, no more."""
    upgrade()
    grant_to_application()
    click.echo("The database is ready.")


def grant_to_application() -> None:
    """Grants on tables (not on partitions, whose rows would lie outside the walls); append-only tables cannot be changed."""
    owner, application = (make_url(current_app.config[name]) for name in ("MIGRATION_DATABASE_URL", "SQLALCHEMY_DATABASE_URI"))
    if owner.username == application.username:
        return
    engine = create_engine(owner, poolclass=NullPool)
    with engine.begin() as connection:
        raw = connection.connection.cursor()
        if not connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": application.username}):
            raw.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(application.username or ""),
                                                                         sql.Literal(application.password)))
        role = sql.Identifier(application.username or "")
        for table in connection.scalars(text(TABLES)).all():
            rights = sql.SQL(GRANTS.get(table, WHOLE))
            statement = sql.SQL("REVOKE ALL ON {0} FROM {1}; GRANT {2} ON {0} TO {1}")
            raw.execute(statement.format(sql.Identifier(table), role, rights))
        raw.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {0}; GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {0};"
                            "GRANT EXECUTE ON FUNCTION patchboard_make_partitions(integer) TO {0}").format(role))
