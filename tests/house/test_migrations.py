"""One head, and the tables that migrations make are those that the models say."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from webapp.kit.db import Base

PARTS = ("_default",)


def test_there_is_one_head():
    config = Config()
    config.set_main_option("script_location", "migrations")
    assert len(ScriptDirectory.from_config(config).get_heads()) == 1


def test_models_and_migrations_agree(app):
    def include(thing, name, kind, reflected, compared):
        table = name if kind == "table" else getattr(getattr(thing, "table", None), "name", "")
        return not (reflected and ("_y20" in table or table.endswith(PARTS)))

    engine = create_engine(app.config["MIGRATION_DATABASE_URL"], poolclass=NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": include, "target_metadata": Base.metadata})
        assert compare_metadata(context, Base.metadata) == []


def test_migrations_go_down_and_up_again(app):
    runner = app.test_cli_runner()
    assert runner.invoke(args=["db", "downgrade", "base"]).exit_code == 0
    engine = create_engine(app.config["MIGRATION_DATABASE_URL"], poolclass=NullPool)
    with engine.connect() as connection:
        left = connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).scalars().all()
    assert left == ["alembic_version"]
    assert runner.invoke(args=["init-db"]).exit_code == 0
