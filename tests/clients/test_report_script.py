"""report.sh against a running server, with a Drush and a Composer that print what they are told."""

import json
import os
import shutil
import subprocess
import threading
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from tests import factories
from tests.ingest.reading import FIXTURES
from tests.ingest.signing import new_key

SCRIPT = Path(__file__).parents[2] / "clients" / "report.sh"
SHELLS = [shell for shell in ("dash", "bash", "busybox") if shutil.which(shell)]
PRINTS = {"pm:list": "pm-list.json", "core:status": "core-status.json", "core:requirements": "core-requirements.json",
          "php:eval": "update-data.json"}

pytestmark = [pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl"),
              pytest.mark.skipif(not SHELLS, reason="there is no POSIX shell that is known")]


@pytest.fixture
def server(app):
    running = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    running.server_close()
    thread.join()


@pytest.fixture
def site(app, cast):
    with factories.writing(app):
        return factories.site(cast.organization)


@pytest.fixture
def project(tmp_path):
    """A project with a lock file, a Drush and a Composer; `says` changes what one of Drush's commands prints."""
    root = tmp_path / "a project"
    (root / "vendor" / "bin").mkdir(parents=True)
    shutil.copy(FIXTURES / "composer.lock.json", root / "composer.lock")
    (root / "says").mkdir()
    for command, name in PRINTS.items():
        shutil.copy(FIXTURES / name, root / "says" / command)
    program(root / "vendor" / "bin" / "drush", 'echo "noise on stderr" >&2; cat "$(dirname "$0")/../../says/$1" 2>/dev/null')
    program(root / "composer", f'cat "{FIXTURES}/composer-audit.json"; exit 3')
    return root


def program(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def run(root, *arguments, shell=SHELLS[0], **settings):
    command = ["busybox", "sh"] if shell == "busybox" else [shell]
    path = f"{root}:{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": str(root), "TMPDIR": str(root.parent), "PATCHBOARD_WAIT": "0", "PATCHBOARD_ROOT": str(root)}
    return subprocess.run([*command, str(SCRIPT), *arguments], env={**environment, **settings}, capture_output=True, text=True, check=False,
                          timeout=120)


def installed(cast, site):
    return {row["name"]: row for row in cast.admin.get(f"/sites/{site.id}/modules", per_page=200).json["data"]}


def reports(cast, site):
    return cast.admin.get(f"/sites/{site.id}/inventory-reports").json["data"]


@pytest.mark.parametrize("shell", SHELLS)
def test_it_sends_a_signed_report_of_all_there_is(cast, site, server, project, shell):
    cast.admin.patch(f"/sites/{site.id}", {"require_signed_reports": True})
    secret = new_key(cast, site)["secret"]
    done = run(project, "-u", server, shell=shell, PATCHBOARD_KEY=secret)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert "Received: report " in done.stderr
    report = reports(cast, site)[0]
    assert report["formats"] == ["composer.lock", "drush pm:list", "drush core:status", "drush core:requirements", "update_calculate_project_data"]
    assert report["agent"] == "patchboard-report.sh/1.0"
    have = installed(cast, site)
    assert (have["token"]["version"], have["token"]["enabled"]) == ("8.x-1.16", True)
    data = cast.admin.get(f"/sites/{site.id}").json["data"]
    assert (data["core_version"], data["php_version"]) == ("10.3.8", "8.3.14")
    assert not list(project.parent.glob("patchboard.*"))


def test_twice_is_two_signatures_and_no_change(cast, site, server, project):
    key_file = project / "key"
    key_file.write_text(new_key(cast, site)["secret"] + "\n")
    for _ in range(2):
        assert run(project, "-q", "-u", server + "/", "-k", str(key_file)).returncode == 0
    assert [row["outcome"] for row in reports(cast, site)] == ["unchanged", "accepted"]


def test_the_key_itself_and_the_audit_on_demand(cast, site, server, project):
    done = run(project, "-s", "-a", "-u", server, PATCHBOARD_KEY=new_key(cast, site, "ingest", "read")["secret"])
    assert done.returncode == 0, done.stderr
    assert "composer audit" in reports(cast, site)[0]["formats"]


def test_no_program_is_handed_the_key(cast, site, server, project):
    secret = new_key(cast, site)["secret"]
    for name in ("curl", "openssl", "sha256sum", "od", "gzip"):
        if real := shutil.which(name):
            program(project / name, f'printf "%s\\n" "$0 $*" >> "{project}/arguments"; env >> "{project}/arguments"; exec {real} "$@"')
    program(project / "vendor" / "bin" / "drush", f'env >> "{project}/arguments"; cat "$(dirname "$0")/../../says/$1"')
    assert run(project, "-u", server, PATCHBOARD_KEY=secret).returncode == 0
    seen = (project / "arguments").read_text()
    assert "curl" in seen
    assert secret not in seen


def test_no_password_is_sent(project):
    shutil.copy(FIXTURES / "core-status.json", project / "says" / "core:status")
    program(project / "vendor" / "bin" / "drush",
            'case "$*" in *--fields=*password*) exit 9;; *core:status*--fields=*|*requirements*--fields=*|pm:list*) '
            'cat "$(dirname "$0")/../../says/$1";; esac')
    done = run(project, "-n")
    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)["documents"]) == {"composer.lock", "pm:list", "core:status", "core:requirements"}


def test_without_drush_the_lock_goes_alone(cast, site, server, project):
    shutil.rmtree(project / "vendor")
    assert run(project, "-u", server, PATCHBOARD_KEY=new_key(cast, site)["secret"]).returncode == 0
    assert reports(cast, site)[0]["formats"] == ["composer.lock"]


@pytest.mark.parametrize(("printed", "words"), [
    ("", "gave no list"), ("In Application.php line 1:\n  Bootstrap failed.", "gave no list"), ('PHP Warning:  x\n{"token": {}}', "gave no list")])
def test_a_list_that_failed_is_not_sent(project, printed, words):
    (project / "says" / "pm:list").write_text(printed)
    done = run(project, "-u", "http://127.0.0.1:9", PATCHBOARD_KEY="pb_" + "x" * 43)
    assert (done.returncode, words in done.stderr) == (3, True), done.stderr


def test_what_else_fails_is_left_out_and_said(project):
    (project / "says" / "core:requirements").write_text("PHP Fatal error: x")
    (project / "says" / "php:eval").unlink()
    done = run(project, "-n")
    assert "core:requirements: left out" in done.stderr
    assert set(json.loads(done.stdout)["documents"]) == {"composer.lock", "pm:list", "core:status"}


@pytest.mark.parametrize(("arguments", "settings", "code", "words"), [
    (["-x"], {}, 1, "Usage"), (["more"], {}, 1, "no arguments"), (["-r", "/nowhere"], {}, 1, "no folder"),
    ([], {}, 2, "where Patchboard is"), (["-u", "https://x"], {}, 2, "site's key"), (["-u", "x"], {"PATCHBOARD_KEY": "pb_x"}, 2, "begins with https"),
    (["-u", "https://x", "-k", "/nowhere"], {}, 2, "cannot be read"), (["-u", "https://x"], {"PATCHBOARD_KEY": "$(id)"}, 2, "no key of Patchboard"),
    (["-u", "https://x"], {"PATCHBOARD_KEY": "abc"}, 2, "no key of Patchboard"), (["-h"], {}, 0, ""),
    (["-u", "http://127.0.0.1:9"], {"PATCHBOARD_KEY": "pb_" + "x" * 43}, 4, "was not reached")])
def test_codes_and_words(project, arguments, settings, code, words):
    done = run(project, *arguments, **settings)
    assert (done.returncode, words in done.stderr) == (code, True), done.stderr
    assert "pb_xxx" not in done.stderr


def test_a_refused_report_says_why(server, project):
    done = run(project, "-u", server, PATCHBOARD_KEY="pb_" + "x" * 43)
    assert done.returncode == 5
    assert "(401): The signature is not accepted." in done.stderr


def test_a_server_that_fails_is_tried_three_times(project):
    program(project / "curl", f'cat > /dev/null; echo x >> "{project}/calls"; printf 503')
    done = run(project, "-u", "https://patchboard.example.org", PATCHBOARD_KEY="pb_" + "x" * 43)
    assert (done.returncode, (project / "calls").read_text()) == (6, "x\nx\nx\n")


def test_nothing_to_send(project):
    shutil.rmtree(project / "vendor")
    (project / "composer.lock").unlink()
    assert run(project, "-n", PATH="/usr/bin:/bin").returncode == 3


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="there is no shellcheck")
def test_shellcheck_finds_nothing():
    done = subprocess.run(["shellcheck", "-s", "sh", str(SCRIPT)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
