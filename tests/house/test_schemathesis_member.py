"""Schemathesis over the whole OpenAPI document as a member of an organization; in a file of its own, so that both run at once."""

import pytest

from tests.house.fuzzing import put_to_the_test


@pytest.mark.longest
@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_no_request_of_a_member_gets_an_answer_that_the_document_does_not_know(app, tmp_path):
    put_to_the_test(app, tmp_path, "member", "examples,fuzzing,stateful")
