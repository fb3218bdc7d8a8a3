"""Every read of exposures, as functions that start from what the actor may see, and what exposures follow from."""

from webapp.exposure.queries.advisories import (
    described,
    find_advisories,
    find_advisory_sites,
    get_advisory,
    get_advisory_alone,
)
from webapp.exposure.queries.findings import (
    find_chosen,
    find_decisions,
    find_exposures,
    get_decision,
    get_exposure,
    get_exposures,
    with_names,
)
from webapp.exposure.queries.incident import advisory_room
from webapp.exposure.queries.statistics import time_to_fix

__all__ = [
    "advisory_room", "described", "find_advisories", "find_advisory_sites", "find_chosen", "find_decisions", "find_exposures",
    "get_advisory", "get_advisory_alone", "get_decision", "get_exposure", "get_exposures", "time_to_fix", "with_names",
]
