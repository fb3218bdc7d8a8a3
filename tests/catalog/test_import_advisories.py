"""`feeds import` takes advisories of every form, and `explain advisory` says why a version is affected."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from tests.catalog.test_advisories import NODE, OSV, YAML

PSA = [{"title": "Drupal core - SA-CORE-2031-004", "link": "https://www.drupal.org/sa-core-2031-004", "project": "drupal", "type": "core",
        "is_psa": 0, "insecure": ["10.2.0"], "pubDate": "Thu, 01 May 2031 17:00:00 +0000"}]


def test_a_folder_of_every_form_becomes_one_advisory(app: Any, tmp_path: Path) -> None:
    lines = "\n".join([json.dumps(OSV), "not json", json.dumps({"something": "else"}), ""])
    (tmp_path / "osv.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    (tmp_path / "nodes.json").write_text(json.dumps({"list": [NODE]}))
    (tmp_path / "psa.json").write_text(json.dumps(PSA))
    (tmp_path / "CVE-2031-1234.yaml").write_text(YAML)
    (tmp_path / "broken.yaml").write_text("{")
    answer = app.test_cli_runner().invoke(args=["feeds", "import", str(tmp_path)])
    assert answer.exit_code == 0, answer.output
    assert "4 advisories: 1 added, 0 changed, 0 unchanged" in answer.output
    for said in ("osv.jsonl.gz: Line 2 is not JSON.", "Line 3 is no advisory", "broken.yaml: It is not YAML."):
        assert said in answer.output
    again = app.test_cli_runner().invoke(args=["feeds", "import", str(tmp_path)])
    assert "0 added, 0 changed, 4 unchanged" in again.output


def test_nothing_to_read_fails(app: Any, tmp_path: Path) -> None:
    (tmp_path / "notes.json").write_text("{}")
    assert app.test_cli_runner().invoke(args=["feeds", "import", str(tmp_path)]).exit_code == 1


def explained(app: Any, *asked: Any) -> list[Any]:
    answer = app.test_cli_runner().invoke(args=["explain", "advisory"], input="".join(
        (each if isinstance(each, str) else json.dumps(each)) + "\n" for each in asked))
    assert answer.exit_code == 0
    return [json.loads(line) for line in answer.output.splitlines()]


def test_explain_advisory_answers_each_line_and_goes_on(app: Any) -> None:
    def ask(version: str, package: str = "drupal/core") -> dict[str, Any]:
        return {"advisory": OSV, "package": package, "version": version}

    told = explained(app, ask("10.1.0"), "no json", ask("10.2.1"), ask("10.x-dev", "drupal/webform"), ask("dev-main"), {"advisory": 5})
    assert [each.get("affected") for each in told] == [True, None, False, False, False, None]
    assert told[0]["why"] == "10.1.0 satisfies >=10.0 <10.2.1."
    assert told[3]["why"] == "SA-CORE-2031-004 is not about webform."
    assert "error" in told[1]
    assert "error" in told[5]
