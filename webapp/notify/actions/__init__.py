"""Every write of notifications: channels and rules, what happened, who is told of it, and every try to tell them."""
