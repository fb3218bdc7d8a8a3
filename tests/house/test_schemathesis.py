"""Schemathesis over the whole OpenAPI document as a superuser, in all its phases (tests/house/fuzzing.py)."""

import pytest

from tests.house.fuzzing import put_to_the_test


@pytest.mark.longest
@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_no_request_of_a_superuser_gets_an_answer_that_the_document_does_not_know(app, tmp_path):
    put_to_the_test(app, tmp_path, "superuser", "examples,coverage,fuzzing,stateful")
