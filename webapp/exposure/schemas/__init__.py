"""Advisories, findings and decisions as they come in and go out."""

from webapp.exposure.schemas.advisories import AdvisoryQuery, AdvisorySchema, AdvisorySiteQuery, AdvisorySiteSchema
from webapp.exposure.schemas.findings import (
    AcceptInput,
    BulkAcceptInput,
    BulkAcceptSchema,
    DecisionQuery,
    DecisionSchema,
    ExposureQuery,
    ExposureSchema,
)
from webapp.exposure.schemas.statistics import StatisticsQuery, StatisticsSchema

__all__ = [
    "AcceptInput", "AdvisoryQuery", "AdvisorySchema", "AdvisorySiteQuery", "AdvisorySiteSchema", "BulkAcceptInput", "BulkAcceptSchema",
    "DecisionQuery", "DecisionSchema", "ExposureQuery", "ExposureSchema", "StatisticsQuery", "StatisticsSchema",
]
