"""`make check`: everything about the code that can be known without running it."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from webapp.kit.local import licences, vendor
from webapp.kit.local.state import ROOT

# What the audits say where their service is out of reach, which says nothing about the packages.
UNREACHABLE = re.compile(
    r"ConnectionError|ServiceError|Failed to establish|Max retries|Temporary failure in name resolution|timed out|"
    r"Name or service not known|ProxyError|SSLError|HTTPError|40[35] |50\d |endpoint returned an error|ENOTFOUND|"
    r"EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|audit service|ENOAUDIT",
    re.IGNORECASE,
)
UNAUDITED = "could not be audited"
FOUND = re.compile(r"Found \d+ known vuln|\d+ (?:low|moderate|high|critical) severity vuln|\d+ vulnerabilities \(")


@dataclass(frozen=True)
class Step:
    """One tool: what it is called here, the command, whether it asks a service in the network, and whether it says more than is
    wanted where nothing is wrong."""

    name: str
    command: Callable[[], list[str]]
    asks_network: bool = False
    quiet: bool = False


def tool(name: str, *arguments: str) -> list[str]:
    """The command for a tool of this virtual environment."""
    return [str(Path(sys.executable).parent / name), *arguments]


def steps(root: Path) -> list[Step]:
    """The tools in the order of what they cost."""
    settings = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]
    code = [
        name for name in ("webapp", "worker", "tests", "config.py", "wsgi.py", "migrations") if (root / name).exists()
    ]
    typed = [name for name in ("webapp", "worker", "config.py", "wsgi.py") if (root / name).exists()]
    made = [Step("ruff", lambda: tool("ruff", "check", *code)), Step("mypy", lambda: tool("mypy", *typed))]
    if "importlinter" in settings:
        made.append(Step("import contracts", lambda: tool("lint-imports", "--no-logo")))
    if (root / "templates").exists():
        made.append(Step("templates", lambda: tool("djlint", "--lint", "--quiet", "templates")))
    safe = [name for name in typed if (root / name).is_dir()]
    return [
        *made,
        Step("bandit", lambda: tool("bandit", "-q", "-ll", "-c", "pyproject.toml", "-r", *safe)),
        Step("licences", lambda: tool("pip-licenses", *licences.arguments(root)), quiet=True),
        Step(
            "pip-audit",
            lambda: tool(
                "pip-audit", "--progress-spinner=off", "--require-hashes", "--disable-pip", "-r", "requirements.txt"
            ),
            asks_network=True,
        ),
        Step("npm audit", lambda: [*vendor.npm(root), "audit", "--omit=dev", "--audit-level=high"], asks_network=True),
    ]


def check(root: Path = ROOT) -> int:
    """Runs every tool, also after one has failed, and answers 1 where any has."""
    failed = []
    for step in steps(root):
        print(f"── {step.name}", flush=True)
        done = subprocess.run(step.command(), cwd=root, capture_output=step.asks_network or step.quiet, text=True, check=False)
        said = f"{done.stdout or ''}{done.stderr or ''}".strip()
        if done.returncode and step.asks_network and UNREACHABLE.search(said) and not FOUND.search(said):
            print(f"   not checked: {step.name} cannot reach its advisory service from here", flush=True)
            continue
        unknown = said.count(UNAUDITED)
        if unknown and not done.returncode:
            print(f"   not checked: the advisory service knows nothing of {unknown} packages from here", flush=True)
        elif said and not (step.quiet and not done.returncode):
            print(said, flush=True)
        if done.returncode:
            failed.append(step.name)
    print(f"\nFailed: {', '.join(failed)}." if failed else "\nAll checks passed.", flush=True)
    return 1 if failed else 0
