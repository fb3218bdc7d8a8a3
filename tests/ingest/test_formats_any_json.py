"""Whatever JSON comes in, what goes out is a report that fits, or a refusal with its reason."""

import json
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.fleet.values import InventoryReport
from webapp.ingest.formats import fields, read_document
from webapp.kit.errors import Invalid

KNOWN = [json.loads(path.read_text()) for path in sorted((Path(__file__).parent / "fixtures").glob("*.json"))]
# Characters that JSON's readers let through: orjson refuses lone surrogates.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
WORDS = st.sampled_from([
    "documents", "modules", "packages", "packages-dev", "content-hash", "installed", "locked", "advisories", "checks", "core", "drupal", "contrib",
    "custom", "library", "name", "version", "type", "purl", "components", "bomFormat", "CycloneDX", "drupal-version", "title", "severity", "module",
    "update_id", "project_type", "existing_version", "status", "includes", "time", "timestamp", "site_id", "a/b", "pm:list", "disabled", "latest"])
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.floats(allow_nan=False, allow_infinity=False), TEXT, WORDS)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT | WORDS, inner, max_size=4), max_leaves=12)


def check(document):
    """A report whose values fit what is stored, or Invalid with a message."""
    try:
        report = read_document(document)
    except Invalid as problem:
        assert problem.status == 422
        assert problem.message
        return
    assert isinstance(report, InventoryReport)
    assert len(report.modules) <= fields.MODULES_MAX
    names = [module.name for module in report.modules]
    assert len(set(names)) == len(names)
    for module in report.modules:
        assert fields.is_machine_name(module.name) or fields.package_name(module.name)
        assert module.version is None or fields.is_version(module.version)
        assert module.display_name is None or fields.is_text(module.display_name)
        assert module.enabled in (None, True, False)
        assert module.project is None or fields.is_project(module.project)
    for text in (report.core_version, report.php_version, report.database, report.install_profile):
        assert text is None or fields.is_text(text)
    assert not json.dumps(sorted(report.claims)).count("\\u0000")


@given(VALUES)
@settings(max_examples=400)
def test_any_json_value(document):
    check(document)


@st.composite
def bent(draw):
    """A known document with values anywhere in it replaced, removed or put beside others."""
    document = json.loads(json.dumps(draw(st.sampled_from(KNOWN))))
    for _ in range(draw(st.integers(1, 4))):
        place = document
        for _ in range(draw(st.integers(0, 3))):
            inner = [each for each in (place.values() if isinstance(place, dict) else place) if isinstance(each, dict | list) and each]
            if not inner:
                break
            place = draw(st.sampled_from(inner))
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            continue
        key = draw(st.sampled_from(keys))
        if isinstance(place, dict) and draw(st.booleans()):
            key = draw(TEXT | WORDS)
        place[key] = draw(VALUES)
    return document


@given(bent())
@settings(max_examples=600)
def test_known_documents_bent(document):
    check(document)


@given(st.dictionaries(WORDS | st.sampled_from(["composer.lock", "composer show", "core:status", "Warden", "pm:security"]), bent() | VALUES, max_size=4))
@settings(max_examples=200)
def test_bundles_of_anything(documents):
    check({"documents": documents})
