"""`/api/v1/notification-channels`, `/notification-rules` and `/notification-deliveries`."""

from webapp.notify.api import channels, deliveries, rules
from webapp.notify.api.door import api

__all__ = ["api", "channels", "deliveries", "rules"]
