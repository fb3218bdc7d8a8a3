"""A channel in Microsoft Teams: the webhook of a workflow, which takes an Adaptive Card."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from webapp.notify.channels import Kind, Means, post_json
from webapp.notify.values import Message, Outcome, Target

MOST_ITEMS = 20
LONGEST = 500
"""Characters of one line: a card of 28 KB is refused."""
MARKS = re.compile(r"([\\\[\]()*_`~#>|])")
CARD = "application/vnd.microsoft.card.adaptive"


class Teams(Kind):
    """Posts a card: the title, a line for each thing, and a button to read on."""

    name: ClassVar[str] = "teams"
    label: ClassVar[str] = "Microsoft Teams"
    hint: ClassVar[str] = "The address that the workflow “Post to a channel when a webhook request is received” gives."
    icon: ClassVar[str] = "brand-teams"

    def send(self, target: Target, message: Message, means: Means) -> Outcome:
        return post_json(target, written(message), means)


def written(message: Message) -> dict[str, Any]:
    """The message as an Adaptive Card (schema 1.4), which is as new as all clients of Teams understand."""
    body = [text_block(message.title, weight="Bolder", size="Medium")]
    body += [text_block(f"– {each['text']}") for each in message.lines[:MOST_ITEMS]]
    left = message.more + max(len(message.lines) - MOST_ITEMS, 0)
    if left:
        body.append(text_block(f"and {left:,} more"))
    body.append(text_block(message.why, isSubtle=True, size="Small"))
    card: dict[str, Any] = {"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4",
                            "msteams": {"width": "Full"}, "body": body}
    if message.url:
        card["actions"] = [{"type": "Action.OpenUrl", "title": "Open in Patchboard", "url": message.url}]
    return {"type": "message", "attachments": [{"contentType": CARD, "contentUrl": None, "content": card}]}


def text_block(text: str, **more: Any) -> dict[str, Any]:
    """A line of a card. Its text is Markdown there, so that what means something is escaped: a site may be called anything."""
    return {"type": "TextBlock", "text": MARKS.sub(r"\\\1", text[:LONGEST]), "wrap": True, **more}
