"""People, by name or e-mail address; for those who manage them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, case

from webapp.accounts.models import User
from webapp.accounts.policy import visible_users
from webapp.kit.permissions import Actor
from webapp.ops.queries.search import hits
from webapp.ops.shelf import register
from webapp.ops.values import Kind, Words


def find(actor: Actor, words: Words) -> Select[Any]:
    title = case((User.full_name != "", User.full_name), else_=User.email)
    return hits(visible_users(actor), words, kind="user", key=User.id, page="/users", title=title, also=[User.email],
                subtitle=User.email)


register(Kind("user", "Person", "People", "user", find))
