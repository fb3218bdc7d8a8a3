"""The history of a clone: parents, lines, authors; renames, binaries, odd bytes, force pushes; and only once."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.insights.facts import repository
from tests.insights.hooks import an_endpoint, gitlab, pushed, work
from webapp.insights.feeds import git as feed

DAY = "2026-03-0{}T10:00:00+01:00"


class Clone:
    """A repository on this machine, with a commit a day."""

    def __init__(self, path):
        self.path, self.day = path, 0
        self.git("init", "-q", "-b", "main")

    def git(self, *words, who="Dana <dana@example.com>", message=None):
        name, _, email = who.partition(" <")
        at = DAY.format(min(self.day, 9))
        settings = {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": email.rstrip(">"), "GIT_COMMITTER_NAME": "Lee", "GIT_COMMITTER_EMAIL": "lee@example.com",
                    "GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        more = ["-F", "-"] if message is not None else []
        done = subprocess.run(["git", "-C", str(self.path), *words, *more], env={**os.environ, **settings}, input=message, capture_output=True, check=True)
        return done.stdout.decode().strip()

    def write(self, name, content):
        place = self.path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content if isinstance(content, bytes) else content.encode())

    def commit(self, files=None, who="Dana <dana@example.com>", message=b"Work", *words):
        self.day += 1
        for name, content in (files or {}).items():
            self.write(name, content)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", *words, who=who, message=message)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def clone(tmp_path):
    path = tmp_path / "clone"
    path.mkdir()
    return Clone(path)


@pytest.fixture
def ours(cast):
    return repository(cast)


def imported(app, clone, ours):
    answer = app.test_cli_runner().invoke(args=["import-git", "--repo", str(clone.path), "--repository", ours["id"]])
    assert answer.exit_code == 0, answer.output
    return answer.output.strip()


def found(cast, ours):
    return {row["sha"]: row for row in cast.viewer.get(f"/repositories/{ours['id']}/commits", limit=200, skip=0).json["data"]}


def lines(cast, ours, sha):
    row = found(cast, ours)[sha]
    return row["lines_added"], row["lines_deleted"]


def test_a_history_is_read_once_and_then_what_is_new(app, cast, clone, ours):
    first = clone.commit({"a.php": "one\ntwo\n"})
    second = clone.commit({"a.php": "one\n"}, message="Fix: Übergrößen\n\nMore\twords.\n".encode())
    assert imported(app, clone, ours) == "2 commits read: 2 new, 0 known better now."
    row = found(cast, ours)[second]
    assert (row["parents"], row["message"], row["source"]) == ([first], "Fix: Übergrößen\n\nMore\twords.", "git")
    assert (row["authored_at"], row["author_email"], row["is_on_default_branch"]) == ("2026-03-02T09:00:00Z", "dana@example.com", True)
    assert (lines(cast, ours, first), lines(cast, ours, second)) == ((2, 0), (0, 1))
    assert imported(app, clone, ours) == "0 commits read: 0 new, 0 known better now."
    clone.commit({"b.php": "x\n"})
    assert imported(app, clone, ours).startswith("1 commits read: 1 new")
    assert cast.viewer.get(f"/repositories/{ours['id']}").json["data"]["commit_count"] == 3


def test_renames_binaries_and_what_programs_write_count_for_nobody(app, cast, clone, ours):
    clone.commit({"old name.php": "".join(f"line {number}\n" for number in range(50)), "logo.png": bytes(range(256)) * 4})
    clone.git("mv", "old name.php", "new\tname.php")
    moved = clone.commit({"logo.png": bytes(range(255, -1, -1)) * 4, "composer.lock": "{\n}\n", "vendor/x/y.php": "a\n", "web/core/z.php": "b\n", "ü.php": "c\n"})
    imported(app, clone, ours)
    assert lines(cast, ours, moved) == (1, 0)


def test_merges_have_two_parents_and_no_lines_and_empty_commits_have_none_to_count(app, cast, clone, ours):
    base = clone.commit({"a.php": "1\n"})
    clone.git("checkout", "-q", "-b", "feature")
    side = clone.commit({"b.php": "2\n"})
    clone.git("checkout", "-q", "main")
    main = clone.commit({"c.php": "3\n"})
    clone.day += 1
    clone.git("merge", "-q", "--no-ff", "-m", "Merge", "feature")
    merge, empty = clone.git("rev-parse", "HEAD"), clone.commit()
    imported(app, clone, ours)
    assert (found(cast, ours)[merge]["parents"], lines(cast, ours, merge), lines(cast, ours, empty)) == ([main, side], (None, None), (0, 0))
    assert found(cast, ours)[base]["parents"] == []
    assert imported(app, clone, ours).startswith("0 commits read")


def test_a_branch_is_not_the_default_one_until_it_arrives_there(app, cast, clone, ours):
    clone.commit({"a.php": "1\n"})
    clone.git("checkout", "-q", "-b", "feature")
    side = clone.commit({"b.php": "2\n"})
    imported(app, clone, ours)
    assert found(cast, ours)[side]["is_on_default_branch"] is False
    clone.git("checkout", "-q", "main")
    clone.git("merge", "-q", "--ff-only", "feature")
    imported(app, clone, ours)
    assert found(cast, ours)[side]["is_on_default_branch"] is True


def test_what_was_pushed_away_by_force_was_written(app, cast, clone, ours):
    clone.commit({"a.php": "1\n"})
    gone = clone.commit({"a.php": "2\n"})
    imported(app, clone, ours)
    clone.git("reset", "-q", "--hard", "HEAD~1")
    clone.commit({"a.php": "3\n"})
    imported(app, clone, ours)
    assert (gone in found(cast, ours), len(found(cast, ours))) == (True, 3)


def test_mailmap_says_who_somebody_is_and_the_address_stays_as_it_was(app, cast, clone, ours):
    own = clone.commit({"a.php": "1\n"})
    home = clone.commit({".mailmap": "Dana <dana@example.com> <dana@home.example>\n"}, who="D <dana@home.example>")
    imported(app, clone, ours)
    rows = found(cast, ours)
    assert rows[own]["developer_id"] == rows[home]["developer_id"]
    assert rows[home]["author_email"] == "dana@home.example"


def test_odd_bytes_are_no_reason_to_stop(app, cast, clone, ours):
    sha = clone.commit({"a.php": "1\n"}, b"D\xe4na <dana@example.com>".decode("latin-1"), b"Stray \r return, \xff\xfe and \x01 bytes\n\n0123456789012345678901234567890123456789\n1\t2\tx")
    imported(app, clone, ours)
    assert lines(cast, ours, sha) == (1, 0)
    assert "return" in found(cast, ours)[sha]["message"]


def test_an_empty_repository_has_no_history_and_a_folder_is_none(app, cast, clone, ours, tmp_path):
    assert imported(app, clone, ours) == "0 commits read: 0 new, 0 known better now."
    plain = tmp_path / "plain"
    plain.mkdir()
    answer = app.test_cli_runner().invoke(args=["import-git", "--repo", str(plain), "--repository", ours["id"]])
    assert (answer.exit_code, "git reads no repository" in answer.output) == (1, True)
    unknown = "0190a3b0-0000-7000-8000-000000000000"
    assert app.test_cli_runner().invoke(args=["import-git", "--repo", str(clone.path), "--repository", unknown]).exit_code == 1


def test_git_completes_what_a_webhook_left_out(app, cast, clone):
    ours = repository(cast, url="https://git.example/acme/web")
    first, second = clone.commit({"a.php": "1\n"}), clone.commit({"a.php": "2\n"})
    hook = an_endpoint(cast, "gitlab")
    project = {"id": 5, "path_with_namespace": "acme/web", "web_url": "https://git.example/acme/web"}
    gitlab(app, hook, "Push Hook", {"ref": "refs/heads/main", "after": second, "project": project, "total_commits_count": 2, "commits": [pushed(second)]})
    work(app)
    path = f"/repositories/{ours['id']}"
    assert cast.viewer.get(path).json["data"]["incomplete_since"] is not None
    assert imported(app, clone, ours) == "2 commits read: 1 new, 1 known better now."
    assert (lines(cast, ours, second), found(cast, ours)[second]["parents"]) == ((1, 1), [first])
    assert cast.viewer.get(path).json["data"]["incomplete_since"] is None


def test_output_that_was_not_asked_for_is_a_mistake():
    with pytest.raises(ValueError, match="as it was asked for"):
        list(feed.parsed(b"fatal: nothing\0"))
