"""The kinds of things that can be searched for. A kind is one file of this folder that registers itself; `PLACES` is their order."""

from __future__ import annotations

import importlib
import pkgutil

from webapp.ops.values import Kind

FOUND: dict[str, Kind] = {}
PLACES = ("site", "team", "organization", "user", "advisory", "module", "patch_run", "task")


def register(kind: Kind) -> Kind:
    """Puts a kind on the shelf; its name is what callers ask for."""
    if kind.name in FOUND:
        raise ValueError(f"Two kinds are named {kind.name}.")
    FOUND[kind.name] = kind
    return kind


for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

KINDS: dict[str, Kind] = {name: FOUND[name] for name in sorted(FOUND, key=lambda name: (
    PLACES.index(name) if name in PLACES else len(PLACES), name))}
"""By name, in the order in which hits of equal score stand; a kind without a place of its own comes last."""
