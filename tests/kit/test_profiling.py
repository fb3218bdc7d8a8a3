"""Profiles of requests: written where the operator wants them, with names that callers cannot lead astray."""

from __future__ import annotations

import pstats

import pytest

from webapp.kit.web import profiling


def ask(application, path="/x"):
    return application({"REQUEST_METHOD": "GET", "PATH_INFO": path}, None)


def test_each_request_has_its_profile(tmp_path):
    profiled = profiling.Profiled(lambda environ, start: [b"answer"], tmp_path / "new")
    assert ask(profiled, "/../../etc/pass wd\n") == [b"answer"]
    (file,) = (tmp_path / "new").iterdir()
    assert file.name.split("-", 1)[1].startswith("GET-etc-pass-wd-")
    assert pstats.Stats(str(file)).total_calls >= 1


def test_one_that_fails_has_one_too(tmp_path):
    def fail(environ, start):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ask(profiling.Profiled(fail, tmp_path))
    assert len(list(tmp_path.glob("*.prof"))) == 1


def test_a_forgotten_one_does_not_fill_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(profiling, "MOST", 2)
    profiled = profiling.Profiled(lambda environ, start: [], tmp_path)
    for _ in range(4):
        ask(profiled)
    assert len(list(tmp_path.glob("*.prof"))) == 2
