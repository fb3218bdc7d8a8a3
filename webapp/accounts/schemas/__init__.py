"""Accounts as they come in and go out."""

from webapp.accounts.schemas.keys import (
    Address,
    KeyForm,
    KeyInput,
    KeyPatch,
    KeyQuery,
    KeySchema,
    NewKeySchema,
    RotateInput,
)
from webapp.accounts.schemas.members import (
    MemberInput,
    MemberSchema,
    PlaceInput,
    PlaceRoleInput,
    RoleInput,
)
from webapp.accounts.schemas.organizations import (
    ConfirmInput,
    OrganizationInput,
    OrganizationQuery,
    OrganizationSchema,
    OrganizationSettings,
    SlaDays,
)
from webapp.accounts.schemas.people import (
    Email,
    MembershipSchema,
    Password,
    UserInput,
    UserPatch,
    UserQuery,
    UserSchema,
)
from webapp.accounts.schemas.signing import (
    LoginInput,
    OwnAccountInput,
    PasswordChange,
    RefreshInput,
    RegisterInput,
    TokenSchema,
)

__all__ = [
    "Address",
    "ConfirmInput",
    "Email",
    "KeyForm",
    "KeyInput",
    "KeyPatch",
    "KeyQuery",
    "KeySchema",
    "LoginInput",
    "MemberInput",
    "MemberSchema",
    "MembershipSchema",
    "NewKeySchema",
    "OrganizationInput",
    "OrganizationQuery",
    "OrganizationSchema",
    "OrganizationSettings",
    "OwnAccountInput",
    "Password",
    "PasswordChange",
    "PlaceInput",
    "PlaceRoleInput",
    "RefreshInput",
    "RegisterInput",
    "RoleInput",
    "RotateInput",
    "SlaDays",
    "TokenSchema",
    "UserInput",
    "UserPatch",
    "UserQuery",
    "UserSchema",
]
