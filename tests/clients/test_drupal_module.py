"""The Drupal module: its PHP, its unit tests, that what it sends is what the server reads, and that its files fit together."""

import json
import re
import shutil
import subprocess
import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from tests.cast import Browser
from webapp.ingest.formats import read_document
from webapp.ingest.pages import packed_module

MODULE = Path(__file__).parents[2] / "clients" / "drupal" / "patchboard"
SOURCES = sorted(path for path in MODULE.rglob("*") if path.suffix in (".php", ".module", ".install"))
php = pytest.mark.skipif(not shutil.which("php"), reason="there is no PHP")

BUILD = """
spl_autoload_register(static function (string $class): void {
  require $_SERVER['argv'][1] . '/src/' . strtr(substr($class, strlen('Drupal\\\\patchboard\\\\')), '\\\\', '/') . '.php';
});
$given = json_decode(stream_get_contents(STDIN), TRUE);
echo json_encode((new Drupal\\patchboard\\PayloadBuilder())->build(...$given));
"""
UPDATES = json.loads((Path(__file__).parents[1] / "ingest" / "fixtures" / "update-data.json").read_text())


def run_php(*arguments, given=""):
    return subprocess.run(["php", *arguments], input=given, capture_output=True, text=True, check=False, timeout=60)


def extension(name, **more):
    return {"name": name, "type": "module", "label": name.title(), "version": "1.0.0", "project": name, "path": f"modules/contrib/{name}",
            "enabled": True, "hidden": False, **more}


@php
@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_syntax(path):
    done = run_php("-l", str(path))
    assert done.returncode == 0, done.stdout + done.stderr


@php
def test_unit_tests():
    done = run_php(str(MODULE / "tests" / "run.php"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\d{2,} tests, \d{3,} assertions, 0 failed", done.stdout)


@php
def test_the_server_reads_what_it_sends():
    given = {
        "environment": {"core": "10.3.8", "php": "8.3.14", "database": "mysql 8.0.39", "profile": "standard"},
        "extensions": [
            extension("token", version="8.x-1.16"), extension("gin", type="theme", version="8.x-3.0-rc13"), extension("mine", project=None, version=None),
            extension("forum_plus", project="forum_pack", version="2.0.1"), extension("node", path="core/modules/node", project=None, version="10.3.8"),
            extension("odd", label="Two\nlines\x07 – ü", version=2.5), extension("ctools", enabled=False, version="4.1.0")],
        "updates": UPDATES, "packages": {"symfony/http-kernel": "v6.4.13", "drupal/core-recommended": "10.3.8", "mikey179/vfsStream": "1.6.12"},
    }
    done = run_php("-r", BUILD, str(MODULE), given=json.dumps(given))
    assert done.returncode == 0, done.stderr
    report = read_document(json.loads(done.stdout))
    said = {module.name: module for module in read_document(UPDATES).modules}
    have = {module.name: module for module in report.modules}
    assert (report.core_version, report.php_version, report.database, report.install_profile) == ("10.3.8", "8.3.14", "mysql 8.0.39", "standard")
    assert set(have) == {"drupal", "token", "gin", "mine", "forum_plus", "node", "odd", "ctools", "symfony/http-kernel", "drupal/core-recommended",
                         "mikey179/vfsstream"}
    for name in ("drupal", "token", "gin", "forum_plus", "ctools"):
        assert (have[name].claim, have[name].version, have[name].project) == (said[name].claim, said[name].version, said[name].project)
    assert (have["node"].project, have["mine"].project, have["mine"].version, have["odd"].version) == ("drupal", None, None, "2.5")
    assert have["odd"].display_name == "Two lines  – ü"
    assert report.full


def test_its_files_fit_together():
    sources = "".join(path.read_text() for path in SOURCES)
    services = (MODULE / "patchboard.services.yml").read_text()
    for name in set(re.findall(r"(?:service|get)\('(patchboard\.(?!settings|install)[a-z]+)'\)", sources)):
        assert f"  {name}:" in services, name
    for name in set(re.findall(r"class: Drupal\\patchboard\\(\S+)", services)):
        assert (MODULE / "src" / (name.replace("\\", "/") + ".php")).is_file(), name
    schema = (MODULE / "config" / "schema" / "patchboard.schema.yml").read_text()
    installed = (MODULE / "config" / "install" / "patchboard.settings.yml").read_text()
    assert set(re.findall(r"^(\w+):", installed, re.MULTILINE)) == set(re.findall(r"^    (\w+):", schema, re.MULTILINE))
    assert "configure: patchboard.settings" in (MODULE / "patchboard.info.yml").read_text()
    assert all(path.read_text().startswith("<?php\n") and "declare(strict_types=1);" in path.read_text() for path in SOURCES)


def test_the_archive_is_the_module():
    with tarfile.open(fileobj=BytesIO(packed_module())) as archive:
        names = archive.getnames()
        files = [str(path.relative_to(MODULE)) for path in MODULE.rglob("*") if path.is_file()]
        assert sorted(names) == sorted(f"patchboard/{file}" for file in files if not file.startswith("tests/"))
        assert len(names) > 15
        assert archive.extractfile("patchboard/patchboard.info.yml").read() == (MODULE / "patchboard.info.yml").read_bytes()
        assert {(each.uid, each.mtime) for each in archive.getmembers()} == {(0, 0)}


@pytest.mark.parametrize("name", ["report.sh", "patchboard-drupal.tar.gz"])
def test_anybody_may_fetch_the_clients(app, cast, name):
    answer = Browser(app).get(f"/clients/{name}")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    again = app.test_client().get(f"/clients/{name}", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
