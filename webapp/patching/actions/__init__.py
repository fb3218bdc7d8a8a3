"""Every write of patch runs: recording what somebody did, and explaining what a report shows."""

from webapp.patching.actions.deriving import rederive
from webapp.patching.actions.explaining import explain
from webapp.patching.actions.recording import record_run

__all__ = ["explain", "record_run", "rederive"]
