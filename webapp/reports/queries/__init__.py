"""Every read of reports: the live ones, what the built ones are made of, and the list of these."""

from webapp.reports.queries.built import file_of, find_reports, get_report, with_files
from webapp.reports.queries.compliance import compliance, count_judged, stream_judged
from webapp.reports.queries.exposures import count_exposures, exposure_summary, stream_exposures
from webapp.reports.queries.patch_run import count_run_rows, patch_run, stream_run_rows
from webapp.reports.queries.schedules import find_schedules, get_schedule, logo_png
from webapp.reports.queries.updates import count_updates, module_updates, stream_updates, updates_by_site, updates_totals

__all__ = ["compliance", "count_exposures", "count_judged", "count_run_rows", "count_updates", "exposure_summary", "file_of",
           "find_reports", "find_schedules", "get_report", "get_schedule", "logo_png", "module_updates", "patch_run", "stream_exposures",
           "stream_judged", "stream_run_rows", "stream_updates", "updates_by_site", "updates_totals", "with_files"]
