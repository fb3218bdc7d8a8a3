"""Sites, what is on them, and the modules of all, as they come in and go out."""

from webapp.fleet.schemas.inventory import (
    ChangeQuery,
    ChangeSchema,
    InstalledQuery,
    InstalledSchema,
    ReceivedQuery,
    ReceivedSchema,
)
from webapp.fleet.schemas.modules import (
    EndsQuery,
    EndsSchema,
    ModuleEndQuery,
    ModuleEndSchema,
    ModuleQuery,
    ModuleSchema,
    ModuleSiteQuery,
    ModuleSiteSchema,
    ModuleVersionQuery,
    ModuleVersionSchema,
    OneModuleSchema,
)
from webapp.fleet.schemas.sites import BulkInput, BulkSchema, SiteInput, SitePatch, SiteQuery, SiteSchema

__all__ = [
    "BulkInput", "BulkSchema", "ChangeQuery", "ChangeSchema", "EndsQuery", "EndsSchema", "InstalledQuery", "InstalledSchema",
    "ModuleEndQuery", "ModuleEndSchema", "ModuleQuery", "ModuleSchema",
    "ModuleSiteQuery", "ModuleSiteSchema", "ModuleVersionQuery", "ModuleVersionSchema", "OneModuleSchema", "ReceivedQuery",
    "ReceivedSchema", "SiteInput", "SitePatch", "SiteQuery", "SiteSchema",
]
