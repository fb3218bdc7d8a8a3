"""What pages call the kinds, states and times of notifications."""

from __future__ import annotations

from typing import Any, Final

from webapp.notify.channels import KINDS
from webapp.notify.values import DIGEST, TEST, ChannelState, DeliveryState, Happening, Timing

H = Happening
EVENTS: Final = {
    H.ADVISORY_PUBLISHED: ("Advisory reaches a site", "One is published, and a site runs what it is about. Once for each advisory."),
    H.EXPOSURE_OPENED: ("Exposure opened", "A site is open to an advisory, by its publication or because something was installed."),
    H.EXPOSURE_DUE_SOON: ("Exposure due soon", "Its deadline comes within a day."),
    H.EXPOSURE_OVERDUE: ("Exposure overdue", "Its deadline has passed."),
    H.EXPOSURE_CLOSED: ("Exposure closed", "A report shows that it is over."),
    H.SITE_SILENT: ("Site silent", "It has missed two reports."),
    H.SITE_RECOVERED: ("Site reports again", "It was silent until now."),
    H.INVENTORY_REFUSED: ("Report refused", "A site sent what cannot be read. Told of the first in a row."),
    H.PATCH_RUN_FAILED: ("Patch run failed", "It was posted as failed or rolled back."),
    H.PATCH_RUN_CONTRADICTED: ("Patch run contradicted", "A later report shows other versions than it claims."),
    H.TASK_ASSIGNED: ("Task given to somebody", "By somebody else, or by a rule. Tasks of one’s own are nobody’s news."),
    H.TASK_LATE: ("Task late", "Its day has passed, and it is still open."),
    H.REPORT_DONE: ("Report built", "A report about this organization is ready."),
    H.REPORT_FAILED: ("Report failed", "It could not be built."),
}
"""What each happening is called, and what it means."""
ABOUT: Final = {**{str(event): label for event, (label, _) in EVENTS.items()}, DIGEST: "Digest", TEST: "Test"}
TIMINGS: Final = {Timing.AT_ONCE: ("At once", "In one message for what comes together, and at most one every few minutes."),
                  Timing.HOURLY: ("Every hour", "What came together, at the full hour."),
                  Timing.DAILY: ("Every day", "At the hour below."),
                  Timing.WEEKLY: ("Every week", "At the hour and day below.")}
DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
DELIVERIES: Final = {DeliveryState.GATHERING: ("queued", "Gathering"), DeliveryState.WAITING: ("queued", "Tried, tries again"),
                     DeliveryState.SENDING: ("running", "On its way"), DeliveryState.DELIVERED: ("done", "Delivered"),
                     DeliveryState.DEAD: ("failed", "Given up")}
CHANNELS: Final = {ChannelState.WORKING: ("done", "Works"), ChannelState.UNUSED: ("queued", "Not used yet"),
                   ChannelState.FAILING: ("failed", "Failing"), ChannelState.OFF: ("cancelled", "Switched off")}
"""The mark of each state (as jobs have them) and its word."""
TABS: Final = (("Rules", "/notification-rules"), ("Channels", "/notification-channels"), ("Deliveries", "/notification-deliveries"))


def options(words: Any) -> list[dict[str, str]]:
    """Words for a menu or a set of choices, with what they mean where that is said."""
    return [{"value": str(value), "label": label if isinstance(label, str) else label[0],
             "hint": "" if isinstance(label, str) else label[1]} for value, label in words.items()]


def kinds() -> list[dict[str, str]]:
    """The kinds of channels, as choices."""
    return [{"value": kind.name, "label": kind.label, "hint": kind.hint, "icon": kind.icon} for kind in KINDS.values()]


def frame(current: str) -> dict[str, Any]:
    """What every page of notifications shows: its tabs, and how kinds and states are called."""
    return {"sections": [{"label": label, "href": href, "current": href == current} for label, href in TABS],
            "kind_of": {kind.name: kind for kind in KINDS.values()}, "about": ABOUT,
            "delivery_words": DELIVERIES, "channel_words": CHANNELS,
            "timing_words": {timing: label for timing, (label, _) in TIMINGS.items()}, "days": DAYS}
