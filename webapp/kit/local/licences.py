"""Which licences the packages that Patchboard runs on may have; docs/licences.md says why."""

from __future__ import annotations

import re
from pathlib import Path

# As packages call them: by SPDX, or by the classifiers of older ones.
PERMISSIVE = (
    "Apache Software License", "Apache-2.0", "BSD License", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MIT License", "MIT-0", "MIT-CMU",
    "PSF-2.0", "Python Software Foundation License", "Unlicense", "0BSD",
    "Apache-2.0 AND BSD-2-Clause", "Apache-2.0 OR BSD-2-Clause", "Apache-2.0 OR BSD-3-Clause", "MIT OR Apache-2.0",
)
# Whoever changes the package itself must publish that change; whoever uses it as it is owes nothing but its notice.
WEAK_COPYLEFT = (
    "GNU Lesser General Public License v2 or later (LGPLv2+)", "GNU Lesser General Public License v3 or later (LGPLv3+)",
    "GNU Library or Lesser General Public License (LGPL)", "LGPL-3.0-or-later", "MPL-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)", "MPL-2.0 AND (Apache-2.0 OR MIT)",
)
ALLOWED = (*PERMISSIVE, *WEAK_COPYLEFT)


def locked_names(requirements: Path) -> list[str]:
    """The names of the packages in a locked list."""
    return re.findall(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==", requirements.read_text("utf-8"), re.MULTILINE)


def arguments(root: Path) -> list[str]:
    """What pip-licenses is asked: whether each package of requirements.txt has a licence that is allowed."""
    return ["--allow-only", ";".join(ALLOWED), "--packages", *locked_names(root / "requirements.txt")]
