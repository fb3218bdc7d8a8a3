"""What webhooks tell: one file for each event of a provider, which says what is made of it.

An event is a function that takes `News`, calls the verbs that a poster's facts go through too, and gives back one sentence on what it
did. It registers itself with `reads`. What is not for us raises `Ignored`; what cannot be read raises `Unreadable` or Invalid.
"""

from __future__ import annotations

import importlib
import pkgutil

from webapp.insights.actions.news import EVENTS

__all__ = ["EVENTS"]

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
