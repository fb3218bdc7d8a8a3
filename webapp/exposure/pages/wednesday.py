"""The Wednesday view: are we ready for the security window?"""

from __future__ import annotations

from flask import Response

from webapp.exposure.pages.door import P, pages
from webapp.exposure.queries.window import window_view
from webapp.kit.clock import now
from webapp.kit.permissions import Actor
from webapp.kit.web.pages import page, within


@pages.get("/wednesday", needs=P.EXPOSURE_READ)
def show_window(actor: Actor) -> Response:
    """Are we ready for the window?"""
    at = now()
    view = window_view(actor, within(actor, {}), at)
    return page("exposure/wednesday.html", now=at, may_operate=actor.may(P.SYSTEM_OPERATE), **view)
