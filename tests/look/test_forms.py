"""Forms: what was typed stays, what is wrong is said where it is, and every form carries its token."""

import re

import pytest

from tests.look.rooms import render
from webapp.kit.web.components import attributes
from webapp.kit.web.forms import Form


def test_a_field_keeps_what_was_typed_and_names_its_error():
    form = Form(values={"url": "htp://x"}, errors={"url": "Write the whole address."})
    text = render("{{ ui.field(form, 'url', 'Address', 'url', hint='As people type it.') }}", form=form)
    assert 'value="htp://x"' in text
    assert 'aria-invalid="true" aria-describedby="f-url-error f-url-hint"' in text
    assert '<label class="form-label" for="f-url">Address</label>' in text
    assert re.search(r'id="f-url-error">.*Write the whole address', text)


def test_a_password_is_never_written_back():
    text = render(
        "{{ ui.field(form, 'password', 'Password', 'password') }}", form=Form(values={"password": "hunter2hunter2"})
    )
    assert "hunter2" not in text


def test_required_is_the_rule_and_the_optional_says_so():
    text = render(
        "{{ ui.field(form, 'a', 'A') }}|"
        "{{ ui.field(form, 'b', 'B', required=False, maxlength=9, autocomplete='off') }}",
        form=Form(),
    )
    first, second = text.split("|")
    assert " required" in first
    assert "(optional)" not in first
    assert " required" not in second
    assert "(optional)" in second
    assert 'maxlength="9" autocomplete="off"' in second


def test_choices_of_every_kind_keep_their_choice():
    form = Form(values={"team": "2", "kind": "exposure", "formats": ["csv"], "signed": "1"})
    text = render(
        "{{ ui.field(form, 'team', 'Team', 'select', options=teams, blank='All') }}"
        "{{ ui.choices(form, 'kind', 'Kind', kinds) }}"
        "{{ ui.checkboxes(form, 'formats', 'Files', files) }}"
        "{{ ui.checkbox(form, 'signed', 'Signed only') }}",
        form=form,
        teams=[{"value": 1, "label": "A"}, {"value": 2, "label": "B"}],
        kinds=[{"value": "exposure", "label": "E", "hint": "H"}, {"value": "x", "label": "X", "hint": ""}],
        files=[{"value": "csv", "label": "CSV", "hint": "", "disabled": False}],
    )
    assert '<option value="2" selected>' in text
    assert 'value="exposure" checked' in text
    assert 'value="csv" checked' in text
    assert re.search(r'name="signed" value="1" checked', text)


def test_two_errors_are_also_listed_on_top_and_one_is_not():
    one = Form(errors={"url": "No."})
    two = Form(errors={"url": "No.", "settings.timezone": "Not a zone."})
    assert render("{{ ui.error_summary(form) }}", form=one) == ""
    text = render("{{ ui.error_summary(form, {'url': 'Address'}) }}", form=two)
    assert '<a href="#f-url">Address: No.</a>' in text
    assert '<a href="#f-settings-timezone">Not a zone.</a>' in text
    assert "data-autofocus" in text
    assert "Wrong" in render("{{ ui.error_summary(form) }}", form=Form(summary="Wrong."))


def test_every_form_of_a_macro_carries_the_token():
    text = render(
        "{{ ui.post_button('Cancel', '/x', fields={'id': '1'}) }}"
        "{% call ui.confirm('d', 'Delete', 'Delete Admissions', '/y') %}Gone.{% endcall %}"
    )
    assert text.count('name="csrf_token" value="the-token"') == text.count("<form") == 2
    assert text.count("Delete Admissions") == 2


def test_attributes_are_escaped_and_handlers_refused():
    assert attributes({"data_x": '"', "hidden": True, "title": None, "for_": "a"}) == ' data-x="&#34;" hidden for="a"'
    for name in ("onclick", "style", "a b"):
        with pytest.raises(ValueError, match="attribute"):
            attributes({name: "x"})
