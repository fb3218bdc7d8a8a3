"""A webhook as Standard Webhooks has it (standardwebhooks.com): JSON, signed over its id, its time and its bytes."""

from __future__ import annotations

from typing import ClassVar
from urllib.parse import urlsplit

import orjson
from standardwebhooks import Webhook as Signer

from webapp.notify.channels import Kind, Means, post_bytes
from webapp.notify.values import Message, Outcome, Target


class Webhook(Kind):
    """Posts the document itself. While the secret is being changed, the header carries a signature by each."""

    name: ClassVar[str] = "webhook"
    label: ClassVar[str] = "Webhook"
    hint: ClassVar[str] = "Signed JSON to an address of yours, as Standard Webhooks has it."
    icon: ClassVar[str] = "webhook"
    signs: ClassVar[bool] = True

    def send(self, target: Target, message: Message, means: Means) -> Outcome:
        body = orjson.dumps(message.payload, option=orjson.OPT_SORT_KEYS)  # every try sends the same bytes
        signatures = (Signer(secret).sign(str(message.id), means.at, body.decode()) for secret in target.secrets)
        headers = {"webhook-id": str(message.id), "webhook-timestamp": str(int(means.at.timestamp())),
                   "webhook-signature": " ".join(signatures)}
        return post_bytes(target, body, headers, means)

    def shown(self, endpoint: str) -> str:
        """The address without its query, where people put tokens."""
        parts = urlsplit(endpoint)
        return f"{parts.scheme}://{parts.netloc}{parts.path}" + ("?…" if parts.query else "")
