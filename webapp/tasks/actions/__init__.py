"""Every write of tasks."""
