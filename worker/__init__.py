"""The processes beside the web server: RQ worker and scheduler."""
