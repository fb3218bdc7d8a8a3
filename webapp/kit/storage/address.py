"""STORAGE_URL: `s3://bucket/prefix` or `az://container/prefix`, with who we are there."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from webapp.kit.settings import BadSetting, envsecret, envstr

BUCKET = {"s3": re.compile(r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\Z"), "az": re.compile(r"^[a-z0-9](-?[a-z0-9]){2,62}\Z")}
PREFIX = re.compile(r"^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*\Z")
NAMES = {"s3": ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "az": ("AZURE_STORAGE_ACCOUNT_NAME", "AZURE_STORAGE_ACCOUNT_KEY")}


@dataclass(frozen=True, slots=True)
class Address:
    """A bucket of S3 or a container of Azure; `user` and `secret` are access key or account, both empty where the machine has a role."""

    scheme: str
    bucket: str
    prefix: str = ""
    endpoint: str = ""
    region: str = ""
    user: str = ""
    secret: str = field(default="", repr=False)
    token: str = field(default="", repr=False)


def storage_address() -> Address | None:
    """Where files are kept beside the disk, from the environment; None for the disk, BadSetting for what cannot be meant."""
    url = envstr("STORAGE_URL")
    if not url:
        return None
    parts = urlsplit(url)
    prefix = parts.path.strip("/")
    if parts.scheme not in NAMES or parts.query or parts.fragment or not BUCKET[parts.scheme].match(parts.netloc):
        raise BadSetting("STORAGE_URL must be s3://bucket/prefix or az://container/prefix; for a disk leave it empty and set STORAGE_DIR.")
    if prefix and not PREFIX.match(prefix):
        raise BadSetting("STORAGE_URL must have a prefix of letters, digits, points, dashes and slashes.")
    user, secret = (envsecret(name) for name in NAMES[parts.scheme])
    _check_credentials(parts.scheme, user, secret)
    return Address(parts.scheme, parts.netloc, prefix, _endpoint(), envstr("AWS_REGION", "us-east-1"), user, secret,
                   envsecret("AWS_SESSION_TOKEN"))


def _check_credentials(scheme: str, user: str, secret: str) -> None:
    names = NAMES[scheme]
    if scheme == "s3" and bool(user) != bool(secret):
        raise BadSetting(f"{names[0]} and {names[1]} go together: set both, or none where the machine has a role.")
    if scheme == "az" and not user:
        raise BadSetting(f"{names[0]} must name the storage account of STORAGE_URL.")
    if scheme == "az" and secret:
        try:
            base64.b64decode(secret, validate=True)
        except (binascii.Error, ValueError):
            raise BadSetting(f"{names[1]} must be the account's key, in Base64 as Azure shows it.") from None


def _endpoint() -> str:
    """Where the server is, for those that are not Amazon's or Microsoft's own."""
    endpoint = envstr("STORAGE_ENDPOINT").rstrip("/")
    if endpoint and not re.fullmatch(r"https?://[^/?#@\s]+(/[A-Za-z0-9._-]+)?", endpoint):
        raise BadSetting("STORAGE_ENDPOINT must be the address of a server, such as https://minio.example.com.")
    return endpoint
