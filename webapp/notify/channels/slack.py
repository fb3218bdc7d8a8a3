"""A room in Slack, or whatever takes the same (Mattermost, Rocket.Chat, Zulip): an incoming webhook."""

from __future__ import annotations

from typing import Any, ClassVar

from webapp.notify.channels import Kind, Means, post_json
from webapp.notify.values import Message, Outcome, Target

MOST_ITEMS = 20
LONGEST = 2900
"""Characters in one block; Slack takes 3,000."""


class Slack(Kind):
    """Posts the title, a line for each thing, and where to read on."""

    name: ClassVar[str] = "slack"
    label: ClassVar[str] = "Slack"
    hint: ClassVar[str] = "An incoming webhook of a channel in Slack, Mattermost or Rocket.Chat."
    icon: ClassVar[str] = "brand-slack"

    def send(self, target: Target, message: Message, means: Means) -> Outcome:
        return post_json(target, written(message), means)


def written(message: Message) -> dict[str, Any]:
    """The message in Block Kit; `text` is what notifications and simpler receivers show."""
    title = f"*{escaped(message.title)}*"
    blocks: list[dict[str, Any]] = [section(linked(title, message.url))]
    lines = [f"• {linked(escaped(each['text']), each.get('url'))}" for each in message.lines[:MOST_ITEMS]]
    left = message.more + max(len(message.lines) - MOST_ITEMS, 0)
    if left:
        lines.append(f"and {left:,} more")
    block = ""
    for line in lines:
        if len(block) + len(line) + 1 > LONGEST:
            blocks.append(section(block))
            block = ""
        block += ("\n" if block else "") + line[:LONGEST]
    if block:
        blocks.append(section(block))
    blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": escaped(message.why)}]})
    return {"text": escaped(message.title), "blocks": blocks}


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def linked(text: str, url: str | None) -> str:
    """Text that leads somewhere; a bar would end the link's text."""
    return f"{text} (<{escaped(url)}|open>)" if url else text


def escaped(text: str) -> str:
    """The three characters that mean something to Slack; without them nobody's site can be called `<!channel>`."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
