"""One sprite of the icons that the pages use, out of the thousands that the icon package has."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from webapp.kit.local.errors import CannotStart

NAME = r"[a-z0-9]+(?:-[a-z0-9]+)*"
# A name that is certainly meant as one: `icon("shield")`, `icons.svg#shield`.
PLAIN = re.compile(rf"""\bicon\(\s*(?:"({NAME})"|'({NAME})')\s*[,)]|icons\.svg#({NAME})""")
# The rest of a call whose argument is an expression; its strings may be names or something else.
EXPRESSION = re.compile(r"\bicon\(([^{}\n]+)")
STRING = re.compile(rf"""["']({NAME})["']""")
DRAWING = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)
# Every outline begins with an invisible square of the whole canvas.
CANVAS = re.compile(r"""<path[^>]*\bd="M0 0h24v24H0z"[^>]*/>""")
SOURCES = (("templates", "*.html"), ("webapp", "*.py"))


def sources(root: Path) -> list[Path]:
    """Every file that may name an icon, with `templates/icons.txt` for the names that only data holds."""
    found = [path for folder, pattern in SOURCES for path in sorted((root / folder).rglob(pattern))]
    listed = root / "templates" / "icons.txt"
    return [*found, listed] if listed.exists() else found


def names(root: Path, outlines: Path) -> set[str]:
    """The icons that the project uses; raises CannotStart for a name that has no drawing."""
    found: set[str] = set()
    for path in sources(root):
        text = path.read_text("utf-8")
        wanted = (
            listed(text) if path.suffix == ".txt" else {name for match in PLAIN.findall(text) for name in match if name}
        )
        for name in sorted(wanted):
            if not (outlines / f"{name}.svg").exists():
                raise CannotStart(f"{path.relative_to(root)} uses an icon that does not exist: {name}.")
        guessed = {name for call in EXPRESSION.findall(text) for name in STRING.findall(call)}
        found |= wanted | {name for name in guessed if (outlines / f"{name}.svg").exists()}
    return found


def listed(text: str) -> set[str]:
    """The names of a list with one a line; what follows a # is a remark."""
    return {line for raw in text.splitlines() if (line := raw.split("#", 1)[0].strip())}


def sprite(wanted: Iterable[str], outlines: Path) -> str:
    """An SVG with one symbol an icon; colour and stroke come from the page's own style."""
    symbols = [
        f'<symbol id="{name}" viewBox="0 0 24 24">{drawing(outlines / f"{name}.svg")}</symbol>'
        for name in sorted(wanted)
    ]
    return "\n".join(('<svg xmlns="http://www.w3.org/2000/svg">', *symbols, "</svg>", ""))


def drawing(path: Path) -> str:
    match = DRAWING.search(path.read_text("utf-8"))
    if not match:
        raise CannotStart(f"{path.name} of the icon package is not an SVG: run `npm ci` again.")
    return re.sub(r"\s*\n\s*", "", CANVAS.sub("", match.group(1))).strip()


def build(root: Path, outlines: Path, target: Path) -> bool:
    """Writes the sprite where a source is newer than it; answers whether it was written."""
    newest = max((path.stat().st_mtime for path in (*sources(root), Path(__file__))), default=0)
    if target.exists() and target.stat().st_mtime >= newest:
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(sprite(names(root, outlines), outlines), "utf-8")
    return True
