"""The components: what they write, for the values that pages give them and for those that nobody thought of."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.look.rooms import ROOT, Listing, environment, make, render
from webapp.kit.web.components import furnish
from webapp.kit.web.forms import Form

NOW = datetime(2026, 8, 12, 21, 34, tzinfo=UTC)
OPTIONS = [
    {"value": "silent", "label": "Silent", "count": 63},
    {"value": "unknown", "label": "Never reported", "count": 0},
]


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ("ok", "OK"),
        ("outdated", "Outdated"),
        ("vulnerable", "Vulnerable"),
        ("unsupported", "Unsupported"),
        ("silent", "Silent"),
        ("unknown", "Never reported"),
    ],
)
def test_a_status_is_a_glyph_and_a_word(value, word):
    text = render("{{ ui.status(value) }}", value=value)
    assert f'class="st st-{value}"' in text
    assert text.striptags() == word
    assert 'aria-hidden="true"' in text


def test_every_verdict_borrows_a_status_and_only_current_is_ok():
    verdicts = (
        "current",
        "not_current",
        "not_secure",
        "not_supported",
        "revoked",
        "not_checked",
        "unknown",
        "not_fetched",
        None,
        "surprise",
    )
    drawn = {
        value: re.search(r"st-(\w+)", render("{{ ui.verdict(value) }}", value=value)).group(1) for value in verdicts
    }
    assert [value for value, status in drawn.items() if status == "ok"] == ["current"]
    assert drawn["not_secure"] == "vulnerable"
    assert drawn["revoked"] == drawn["not_supported"] == "unsupported"
    assert {drawn[value] for value in ("not_checked", "unknown", "not_fetched", None, "surprise")} == {"unknown"}


@pytest.mark.parametrize(
    "macro", ["status", "verdict", "severity", "job_state", "evidence", "outcome", "run_status", "audited"]
)
def test_what_is_not_known_is_never_drawn_as_good(macro):
    text = render("{{ ui[macro]('surprise') }}", macro=macro)
    assert "help-circle" in text
    assert not re.search(r"st-ok|jb-done|#check|#circle-check", text)
    assert "surprise" in text or "Unknown severity" in text


def test_no_severity_is_no_pill():
    assert render("{{ ui.severity(none) }}") == '<span class="sev-none">None known</span>'
    assert 'class="sev sev-critical"' in render("{{ ui.severity('critical') }}")


def test_a_time_is_relative_and_exact_on_hover():
    text = render("{{ ui.when(at, now) }}", at=NOW - timedelta(hours=3), now=NOW)
    assert text == '<time datetime="2026-08-12T18:34:00Z" title="2026-08-12 18:34:00 UTC">3 h ago</time>'
    assert "never" in render("{{ ui.when(none, now) }}", now=NOW)


def test_a_passed_deadline_has_its_sign_and_its_class():
    text = render("{{ ui.due(at, now) }}", at=NOW - timedelta(days=19), now=NOW)
    assert 'class="due due-over"' in text
    assert "clock-exclamation" in text
    assert text.striptags() == "19 d late"
    assert "clock-exclamation" not in render("{{ ui.due(at, now) }}", at=NOW + timedelta(days=19), now=NOW)


def test_a_number_leads_to_its_list_and_zero_leads_nowhere():
    assert render("{{ ui.number(1187, '/sites?status=vulnerable') }}") == '<a href="/sites?status=vulnerable">1,187</a>'
    assert "<a" not in render("{{ ui.number(0, '/sites') }}")
    assert render("{{ ui.number(none, '/sites') }}").striptags() == "–"


def test_what_people_type_is_escaped_everywhere():
    bad = '"><script>alert(1)</script>'
    form = Form(values={"name": bad, "kind": bad}, errors={"name": bad, "kind": bad})
    text = render(
        "{{ ui.field(form, 'name', bad, hint=bad) }}{{ ui.error_summary(form, {'name': bad}) }}{{ ui.status(bad) }}"
        "{{ ui.verdict('unknown', bad) }}"
        "{{ ui.tag(bad) }}{{ ui.person(bad) }}{{ ui.code_block(bad, bad) }}{{ ui.diff({bad: [bad, {bad: bad}]}) }}"
        "{{ ui.empty_state('x', bad, bad) }}"
        "{{ ui.chip_menu(bad, 'status', [{'value': bad, 'label': bad, 'count': 1}], listing) }}"
        "{{ ui.filter_search(listing, bad) }}"
        "{{ ui.facts([{'label': bad, 'value': bad}]) }}{{ ui.link_button(bad, bad, title=bad) }}"
        "{{ ui.tile('ok', 1, bad, bad) }}"
        "{{ ui.statusbar([{'status': 'ok', 'value': 1, 'label': bad}], 'b') }}"
        "{{ ui.line_chart('c', bad, series, [bad, 'b']) }}",
        bad=bad,
        form=form,
        listing=Listing(query={"status": bad, "q": bad}),
        series=[{"key": "1", "label": bad, "values": [1, 2]}],
    )
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_a_filter_in_force_names_its_value_and_can_be_taken_away():
    empty = render("{{ ui.chip_menu('Status', 'status', options, listing) }}", options=OPTIONS, listing=Listing())
    assert "chip-on" not in empty
    assert "chip-x" not in empty
    assert 'href="/sites?status=silent"' in empty
    assert empty.count("<a ") == 1, "an option that would show nothing is no link"
    chosen = render(
        "{{ ui.chip_menu('Status', 'status', options, listing) }}",
        options=OPTIONS,
        listing=Listing(query={"status": "silent", "q": "x"}),
    )
    assert 'aria-label="Remove filter: Status Silent" href="/sites?q=x"' in chosen
    assert 'aria-current="true"' in chosen


def test_the_search_box_keeps_the_other_filters_and_begins_at_page_one():
    text = render(
        "{{ ui.filter_search(listing, 'Name') }}", listing=Listing(query={"status": "silent", "page": "3", "q": "mu"})
    )
    assert 'name="q" value="mu"' in text
    assert '<input type="hidden" name="status" value="silent">' in text
    assert 'name="page"' not in text
    assert 'hx-get="/sites"' in text


def test_a_sorted_head_says_so():
    heads = "{{ ui.th_sort('Name', 'name', listing) }}{{ ui.th_sort('Core', 'core', listing, cls='r') }}"
    text = render(heads, listing=Listing(sort=["-core"]))
    assert text.count("aria-sort") == 1
    assert '<th scope="col" class="r" aria-sort="descending"><a id="sort-core"' in text


@pytest.mark.parametrize(
    ("page", "words", "back", "onward"),
    [
        (1, "1 to 50 of 1,904", False, True),
        (2, "51 to 100 of 1,904", True, True),
        (39, "1,901 to 1,904 of 1,904", True, False),
    ],
)
def test_the_pager_says_where_one_is(page, words, back, onward):
    rows = range(50 if page < 39 else 4)
    text = render("{{ ui.pager(listing) }}", listing=Listing(rows, 1904, page=page))
    assert words in text
    assert (f'href="/sites?page={page - 1}"' in text, f'href="/sites?page={page + 1}"' in text) == (back, onward)
    assert text.count('aria-disabled="true"') == (not back) + (not onward)
    assert "Pages" not in render("{{ ui.pager(listing) }}", listing=Listing(range(3), 3))


def test_an_empty_list_says_which_filter_to_drop():
    text = render(
        "{{ ui.nothing_matches(listing, 'site', ['status', 'team'], {'team': 118}, {'team': 'Team'}) }}",
        listing=Listing(query={"status": "silent", "team": "1"}),
    )
    assert "No site matches these 2 filters" in text
    assert "Without the filter on team there are 118." in text
    assert 'href="/sites?status=silent"' in text
    assert (
        render("{{ ui.nothing_matches(listing, 'site', ['q']) }}", listing=Listing(query={"q": "x"})).count("<a ") == 1
    )


def test_a_job_asks_again_only_while_it_runs():
    running = {"id": "1", "status": "running", "progress": 64, "rows": 196608, "error": None}
    text = render("{{ ui.job(job, 'Exposure', poll='/reports/1', topic='report:1') }}", job=running)
    assert 'hx-trigger="live" data-asks="report:1" data-every="2"' in text
    assert '<progress class="pb-progress" max="100" value="64"' in text
    assert "196,608 rows" in text
    for status in ("done", "failed", "cancelled"):
        done = render(
            "{{ ui.job(job, 'Exposure', poll='/reports/1') }}",
            job=running | {"status": status, "error": "The disk was full."},
        )
        assert "hx-trigger" not in done
        assert "<progress" not in done
        assert "The disk was full." in done


def test_a_meter_of_nothing_is_a_dash():
    assert render("{{ ui.meter(0, 0) }}").striptags() == "–"
    text = render("{{ ui.meter(374, 1259) }}")
    assert 'width="29.7%"' in text
    assert "30 %" in text
    assert "374 of 1,259" in text


def test_silence_is_hatched_and_the_unknown_dotted_each_with_its_own_pattern():
    parts = [
        {"status": "ok", "value": 5, "label": None},
        {"status": "silent", "value": 2, "label": None},
        {"status": "unknown", "value": 1, "label": None},
    ]
    text = render("{{ ui.statusbar(parts, 'one') }}{{ ui.statusbar(parts, 'two') }}", parts=parts)
    identities = re.findall(r'id="([\w-]+)"', text)
    assert len(identities) == len(set(identities)) == 4
    assert "url(#one-hatch)" in text
    assert "url(#two-dots)" in text
    assert 'aria-label="5 OK, 2 silent, 1 never reported"' in text


def test_a_chart_is_drawn_in_three_widths_says_its_finding_and_has_its_table():
    series = [{"key": "silent", "label": "Silent", "values": [3, None, 2]}]
    text = render(
        "{{ ui.area_chart('a', 'Two are silent now', series, periods) }}{{ ui.chart_table(series, periods) }}",
        series=series,
        periods=["Mon", "Tue", "Wed"],
    )
    assert text.count('role="img" aria-label="Two are silent now"') == 3
    assert re.findall(r'class="pb-chart of-(\w+)" viewBox="0 0 (\d+) ', text) == [("full", "1128"), ("wide", "860"), ("narrow", "340")]
    assert 'viewBox="0 0 860 220"' in text
    assert 'viewBox="0 0 340 210"' in text
    identities = re.findall(r'<pattern id="([\w-]+)"', text)
    assert len(identities) == len(set(identities))
    assert "<td>Tue</td>" in text
    assert '<td class="r">–</td>' in text


def test_macros_see_no_request():
    """A page's variable does not leak into the components; only arguments and globals do."""
    text = (
        environment().from_string("{% set now = 'leak' %}{{ ui.csrf() }}").render(static_url="leak", csrf_token="leak")
    )
    assert text == '<input type="hidden" name="csrf_token" value="the-token">'


def test_furnishing_without_its_needs_is_refused():
    made = make()
    del made.globals["csrf_token"]
    with pytest.raises(LookupError, match="csrf_token"):
        furnish(made)


def test_the_guide_lists_every_macro():
    guide = (ROOT / "templates" / "components" / "ui.html").read_text("utf-8").split("-#}")[0]
    made = environment().globals["ui"]
    names = [name for name in vars(made) if callable(getattr(made, name)) and not name.startswith("_")]
    assert len(names) > 50
    assert not [name for name in names if name not in ("brandmark",) and not re.search(rf"\b{name}\b", guide)]
