"""The processes beside the web: `python -m worker` does the work, `python -m worker.scheduler` sees to it that none is lost."""
