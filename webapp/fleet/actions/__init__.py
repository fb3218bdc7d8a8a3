"""Every write of the fleet: sites, and what their reports say is installed on them."""
