"""The embedded Redis: closed to strangers, its data kept, and a sentence where the wheel has no binary."""

from __future__ import annotations

import importlib.util

import pytest
import redis as client

from webapp.kit.local import CannotStart
from webapp.kit.local import redis as local_redis
from webapp.kit.local.redis import Redis


@pytest.fixture
def redis(tmp_path):
    server = Redis(tmp_path / "redis")
    server.start()
    yield server
    server.stop()


def test_serves_numbered_databases(redis):
    with client.Redis.from_url(redis.url(1)) as connection:
        connection.set("a", "b")
    with client.Redis.from_url(redis.url()) as connection:
        assert connection.get("a") is None
        assert connection.config_get("appendonly") == {"appendonly": "no"}


def test_refuses_who_does_not_know_the_password(redis):
    with (
        client.Redis(port=int(redis.remembered()["port"])) as connection,
        pytest.raises(client.exceptions.AuthenticationError),
    ):
        connection.ping()
    assert (redis.home / "redis.conf").stat().st_mode & 0o777 == 0o600


def test_data_and_address_outlive_a_restart(redis):
    with client.Redis.from_url(redis.url()) as connection:
        connection.set("kept", "yes")
    before = redis.url()
    redis.stop()
    assert redis.running_pid() is None
    redis.start()
    assert redis.url() == before
    with client.Redis.from_url(redis.url()) as connection:
        assert connection.get("kept") == b"yes"


def test_stale_pid_of_another_process_is_not_taken_for_ours(redis):
    redis.process.kill()
    redis.process.wait(60)
    (redis.home / "redis.pid").write_text("1\n")
    assert redis.running_pid() is None
    redis.start()
    assert redis.running_pid() == redis.process.pid


def test_running_server_is_used_and_not_started_twice(redis):
    other = Redis(redis.home)
    other.start()
    assert other.process is None
    assert other.stop_by_pid()
    assert not other.stop_by_pid()


def test_without_a_binary_it_says_what_to_do(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(CannotStart, match="set REDIS_URL"):
        local_redis.program()
