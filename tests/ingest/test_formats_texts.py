"""Error messages in the place of JSON: told apart from text of which nothing is known, and never repeated."""

import pytest

from webapp.ingest.formats.texts import FAILED, REMOVED, WARNINGS, what_text_is


@pytest.mark.parametrize(("text", "reason"), [
    ("\nIn Application.php line 268:\n\n  pm:security has been removed. Please use `composer audit`.", REMOVED),
    ('  Command "pm:security" is not defined.', REMOVED), ("bash: drush: command not found", REMOVED),
    ("PHP Warning:  foreach() argument must be of type array in /var/x.php on line 3\n{\"token\": {}}", WARNINGS),
    ("\nDeprecated: Creation of dynamic property X::$y in x.php\n{}", WARNINGS), ("<br />\n<b>Notice</b>:  Undefined index", WARNINGS),
    (" [error]  Failed to retrieve security advisory data. \n", FAILED), (" [success] No database updates required.\n", FAILED),
    ("In BootstrapHook.php line 32:\n  Bootstrap failed.", FAILED), ("<b>Fatal error</b>: Uncaught Error", FAILED)])
def test_error_messages_are_known(text, reason):
    assert what_text_is(text) == reason


@pytest.mark.parametrize("text", ["", "not json", "{]", '{"modules": [', "10.6.7\n", "x" * 5000 + "has been removed", '{"a": 1} trailing'])
def test_nothing_is_said_of_other_text(text):
    assert what_text_is(text) is None
