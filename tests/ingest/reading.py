"""What the tests of formats share: the fixtures, and short ways to look at what was read."""

import json
from pathlib import Path

import pytest

from webapp.ingest.formats import read_document, recognise
from webapp.kit.errors import Invalid

FIXTURES = Path(__file__).parent / "fixtures"


def fixture(name):
    return json.loads((FIXTURES / name).read_text())


def read(name):
    return read_document(fixture(name))


def by_name(report):
    found = {module.name: module for module in report.modules}
    assert len(found) == len(report.modules)
    return found


def refusal(document):
    """The messages by field of a document that is recognised, and refused with 422."""
    with pytest.raises(Invalid) as caught:
        read_document(document)
    assert caught.value.status == 422
    return {detail["field"]: detail["message"] for detail in caught.value.details} or {"": caught.value.message}


def kind(document):
    found = recognise(document)
    return found.name if found else None
