"""`/notification-rules`, `/notification-channels` and `/notification-deliveries`: who is told, through what, and how that went."""

from webapp.notify.pages import channels, deliveries, rules
from webapp.notify.pages.door import pages

__all__ = ["channels", "deliveries", "pages", "rules"]
