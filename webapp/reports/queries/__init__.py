"""Every read of reports: the live ones, and the list of built ones."""

from webapp.reports.queries.built import file_of, find_reports, get_report, with_files
from webapp.reports.queries.patch_run import count_run_rows, patch_run, stream_run_rows
from webapp.reports.queries.updates import count_updates, module_updates, stream_updates, updates_by_site, updates_totals

__all__ = ["count_run_rows", "count_updates", "file_of", "find_reports", "get_report", "module_updates", "patch_run",
           "stream_run_rows", "stream_updates", "updates_by_site", "updates_totals", "with_files"]
