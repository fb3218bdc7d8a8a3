"""Comparing a report with what is known, without a database."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from webapp.fleet.actions import comparison
from webapp.fleet.actions.comparison import State, compared
from webapp.fleet.values import Claim, InventoryReport, ReportedModule

AT = datetime(2026, 11, 20, tzinfo=UTC)
NAMES = ("webform", "token", "drush/drush")
versions = st.sampled_from((None, "1.2.0", "8.x-1.2", "1.3.0"))
flags = st.sampled_from((None, True, False))
types = st.sampled_from(("module", "theme", "library"))
sources = st.sampled_from(("packages", "extensions"))
names = st.sampled_from((None, "", "webform"))
claims = st.builds(Claim, versions, versions, flags, flags)
known_names = st.sampled_from((None, "webform"))
states = st.builds(State, st.just(""), versions, types, known_names, known_names, flags, sources, versions, versions, flags, flags,
                   st.sampled_from((None, AT)))
modules = st.builds(ReportedModule, st.just(""), versions, types, names, names, flags, sources, st.none() | claims)


@st.composite
def meetings(draw):
    """What is known of some modules, and a report, which often says just that."""
    present = {name: draw(states) for name in draw(st.sets(st.sampled_from(NAMES)))}
    listed = []
    for name in draw(st.sets(st.sampled_from(NAMES))):
        known = present.get(name)
        module = draw(modules)
        if known and draw(st.booleans()):
            claim = Claim(known.latest_version, known.recommended_version, known.update_available, known.security_update)
            module = ReportedModule(name, known.version, known.type, known.project, known.display_name, known.enabled, known.source, claim)
        module.name = name
        listed.append(module)
    for name, state in present.items():
        state.name = name
    audit = draw(st.dictionaries(st.sampled_from(NAMES), claims, max_size=1))
    return present, InventoryReport(("native",), listed, claims=audit, claims_security_of_all=draw(st.booleans()))


@given(meetings())
def test_the_short_way_says_what_the_long_way_says(meeting):
    present, report = meeting
    short = compared(present, report, AT)
    quick = comparison._says_what_is_known
    comparison._says_what_is_known = lambda *_: False
    try:
        assert compared(present, report, AT) == short
    finally:
        comparison._says_what_is_known = quick


def test_a_report_that_says_what_is_known_plans_nothing():
    known = State("webform", "6.2.9", "module", "webform", "Webform", True, "extensions", "6.2.9", "6.2.9", False, False, AT)
    report = InventoryReport(("native",), [ReportedModule("webform", "6.2.9", claim=Claim("6.2.9", "6.2.9", False, False))])
    plan = compared({"webform": known}, report, AT)
    assert plan.is_empty
    assert plan.same == 1


def test_another_spelling_is_no_step():
    known = State("token", "8.x-1.15", "module", "token", "Token", True, "extensions")
    plan = compared({"token": known}, InventoryReport(("composer.lock",), [ReportedModule("token", "1.15.0", source="packages")]), AT)
    assert (plan.moved, plan.same, len(plan.touched)) == ([], 0, 1)


def test_a_list_of_projects_ends_the_main_extension_of_a_project_and_nothing_else():
    def state(name, project, enabled=True, source="extensions", type_="module"):
        return State(name, "1.0.0", type_, project, None, enabled, source)

    present = {each.name: each for each in (
        state("token", "token"), state("gin", "gin", type_="theme"), state("webform_ui", "webform"), state("mine", None),
        state("ctools", "ctools", enabled=False), state("pathauto", "pathauto", source="packages"), state("drupal", "drupal", type_="core"))}
    report = InventoryReport(("update_calculate_project_data",), [], speaks=frozenset({"projects"}))
    assert [each.name for each in compared(present, report, AT).removed] == ["token", "gin"]
