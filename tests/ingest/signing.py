"""A client that signs, for the tests."""

import json
import secrets
import time

from webapp.kit.signatures import KEY, NONCE, SIGNATURE, TIMESTAMP, digest_of_request

BASE = {"modules": [{"name": "webform", "version": "6.2.7"}, {"name": "token", "version": "8.x-1.14"}]}
INGEST = "/api/v1/ingest"


def new_key(cast, site, *scopes):
    body = {"name": "k", "scopes": list(scopes or ["ingest"]), "organization_id": str(cast.organization.id), "site_id": str(site.id)}
    return cast.admin.post("/api-keys", body).json["data"]


def headers(secret, body, *, path=INGEST, moment=None, nonce=None, method="POST", key=True):
    """What a signed request says. `key`: by its first characters; else the caller sends it whole."""
    moment, nonce = str(int(time.time() if moment is None else moment)), nonce or secrets.token_hex(16)
    named = {KEY: secret[:12]} if key else {"X-API-Key": secret}
    return {**named, TIMESTAMP: moment, NONCE: nonce, SIGNATURE: "v1=" + digest_of_request(secret, method, path, moment, nonce, body)}


def raw(document=None):
    return json.dumps(BASE if document is None else document).encode()


def send(caller, body, sent, path="/ingest"):
    return caller.send("POST", path, data=body, content_type="application/json", headers=sent)
