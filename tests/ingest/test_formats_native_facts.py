"""Reading Patchboard's own body: its time, what it says of Drupal itself, and the secrets it may hold."""

import json
from datetime import UTC, datetime

import pytest

from webapp.fleet.values import ReportedModule
from webapp.ingest.formats import read_document
from webapp.kit.errors import Invalid

SECRET = "hunter2-do-not-tell"
WHOLE = {"drupal": {"core_version": "10.3.8"}, "modules": [{"name": "webform", "version": "6.2.7"}]}


def wrong_fields(document):
    with pytest.raises(Invalid) as caught:
        read_document(document)
    assert caught.value.status == 422
    assert SECRET not in json.dumps([caught.value.message, *[detail["message"] for detail in caught.value.details]])
    return [detail["field"] for detail in caught.value.details]


TIMES = {
    "2026-11-18T16:05:00Z": (16, 5, 0, 0),
    "2026-11-18t16:05:00z": (16, 5, 0, 0),
    "2026-11-18 16:05:00+00:00": (16, 5, 0, 0),
    "2026-11-18T18:05:00+02:00": (16, 5, 0, 0),
    "2026-11-18T10:35:00.25-05:30": (16, 5, 0, 250_000),
    "2026-11-18T16:05:00.123456789Z": (16, 5, 0, 123_456),
}


@pytest.mark.parametrize(("text", "clock"), TIMES.items())
def test_times(text, clock):
    moment = read_document({**WHOLE, "reported_at": text}).reported_at
    assert moment == datetime(2026, 11, 18, *clock, tzinfo=UTC)
    assert moment.tzinfo is UTC


@pytest.mark.parametrize(
    "at",
    [
        "yesterday",
        "2026-13-01T00:00:00Z",
        "",
        12,
        True,
        "0000-00-00T00:00:00Z",
        "2026-11-18",
        "2026-11-18T16:05:00",
        "2026-11-18T16:05Z",
        "1970-01-01T00:00:00Z",
        "0001-01-01T00:00:00+10:00",
        "9999-12-31T23:59:59-10:00",
        "2026-11-18T16:05:00Z\n",
        "2026-W47-3T16:05:00Z",
        [],
        {},
        SECRET,
    ],
)
def test_wrong_times(at):
    assert wrong_fields({**WHOLE, "reported_at": at}) == ["reported_at"]


def test_drupal_listed_and_given():
    listed = {"name": "drupal", "version": "10.3.8", "display_name": "Drupal core"}
    both = {"modules": [listed], "drupal": {"core_version": "10.3.8"}}
    assert read_document(both).modules == [ReportedModule("drupal", "10.3.8", "core", "drupal", "Drupal core")]
    assert read_document({"modules": [listed]}).core_version == "10.3.8"
    assert wrong_fields({"modules": [listed], "drupal": {"core_version": "10.3.9"}}) == ["drupal.core_version"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("core_version", 10),
        ("core_version", "1\u0000"),
        ("php_version", 8.3),
        ("database", ["mysql"]),
        ("install_profile", "a\nb"),
        ("php_version", "8" * 65),
    ],
)
def test_wrong_facts_about_drupal(key, value):
    assert wrong_fields({**WHOLE, "drupal": {key: value}}) == [f"drupal.{key}"]


@pytest.mark.parametrize("drupal", ["text", 7, [1]])
def test_drupal_must_be_an_object(drupal):
    assert wrong_fields({**WHOLE, "drupal": drupal}) == ["drupal"]


def test_secrets_in_free_text_are_cut_out():
    database = f"mysql://root:{SECRET}@localhost/site"
    module = {"name": "cron", "version": "1", "display_name": f"Cron?token={SECRET}"}
    report = read_document({"modules": [module], "drupal": {"database": database}})
    assert SECRET not in repr(report)


def test_messages_never_repeat_what_came_in():
    body = {
        "db-password": SECRET,
        "modules": [{"name": SECRET, "version": [SECRET], "type": SECRET, "project": SECRET + "/"}],
    }
    assert wrong_fields(body) == [
        "db-password",
        "modules.0.name",
        "modules.0.version",
        "modules.0.type",
        "modules.0.project",
    ]
