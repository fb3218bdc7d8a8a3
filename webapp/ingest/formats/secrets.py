"""Cuts out of free text what looks like a secret, before anything is stored."""

from __future__ import annotations

import re

CUT = "[removed]"

_VALUE = r"""(?:"[^"]*"|'[^']*'|[^\s&;,"'<>]+)"""
_STRONG = "secret|password|passwd|passphrase|pwd"
_NAMES = rf"(?:{_STRONG}|tokens?|pass|key|salt|username|signature|auth|authorization|credentials?)"
# With "=" any such name counts. With ":" only names that no label of a module has ("Token: filters" is one).
_ASSIGNED = re.compile(rf"""(?<![\w-])([\w-]{{0,60}}?{_NAMES}["']?\]?\s*=>?\s*){_VALUE}""", re.IGNORECASE)
_LABELLED = re.compile(
    rf"""(?<![\w-])([\w-]{{0,60}}?(?:{_STRONG}|[_-](?:key|token|salt|username))["']?\s*:\s*){_VALUE}""",
    re.IGNORECASE)
_LABELLED_TOKEN = re.compile(
    r"""(?<![\w-])((?:token|key|pass|auth)["']?\s*:\s*["']?)(?=[^\s"']*\d)[^\s"',;]{8,}""", re.IGNORECASE)
_BEARER = re.compile(r"\b(bearer|basic)\s+(?=\S*\d)[\w.~+/=-]{8,}", re.IGNORECASE)
_URL_LOGIN = re.compile(r"(\w://)[^\s/@]{1,256}@")
_CONFIG_HASH = re.compile(r"(files/config_)[^/\s\"'<>]+")
_BARE_CONFIG_HASH = re.compile(r"\bconfig_[\w-]{43,}")
_CRON_KEY = re.compile(r"(/cron/)[\w-]{16,}")
_LOGIN_LINK = re.compile(r"(/user/reset/)[^\s\"'<>]+")
_OWN_KEY = re.compile(r"\bpb_[\w-]{8,}")

# What each rule below needs at least; most texts have none of it.
_suspicious = re.compile(r"[=:/]|pb_|config_|bearer|basic", re.IGNORECASE).search

_RULES = ((_ASSIGNED, rf"\1{CUT}"), (_LABELLED, rf"\1{CUT}"), (_LABELLED_TOKEN, rf"\1{CUT}"), (_BEARER, rf"\1 {CUT}"),
          (_URL_LOGIN, rf"\1{CUT}@"), (_CONFIG_HASH, rf"\1{CUT}"), (_BARE_CONFIG_HASH, f"config_{CUT}"),
          (_CRON_KEY, rf"\1{CUT}"), (_LOGIN_LINK, rf"\1{CUT}"), (_OWN_KEY, CUT))


def redact(text: str) -> str:
    """The text without passwords, tokens, site keys, logins in URLs and the hash paths of Drupal's configuration.

    Meant for free text of which people need the rest; fields that are secrets by name are never read at all.
    """
    if not _suspicious(text):
        return text
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text
