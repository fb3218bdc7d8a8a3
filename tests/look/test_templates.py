"""Every template: the strict Content-Security-Policy, the icons, the shell, the errors."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from tests.look.rooms import ROOT, environment, shell
from webapp.kit.web.forms import Form

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
NOW = datetime(2026, 8, 12, 21, 34, tzinfo=UTC)
COMMENT = re.compile(r"{#.*?#}", re.DOTALL)
ICON = re.compile(r"""\bicon\(\s*'([a-z0-9-]+)'""")


class Outline(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.identities, self.references, self.open = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.tags.append((tag, values))
        if "id" in values:
            self.identities.append(values["id"])
        self.references += [
            each
            for name in ("for", "aria-labelledby", "aria-describedby", "popovertarget")
            for each in (values.get(name) or "").split()
        ]
        if tag not in ("meta", "link", "input", "br", "hr", "img", "use", "path", "rect", "circle"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def all(self, tag):
        return [values for name, values in self.tags if name == tag]


def page(template="layouts/page.html", **values):
    return environment().get_template(template).render(**shell(now=NOW, **values))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_keeps_to_the_policy(path):
    text = COMMENT.sub("", path.read_text("utf-8"))
    assert not re.search(r"\sstyle=|\son\w+=|\shx-on|javascript:|<style|hx-vals=.js:|hx-headers=.js:", text)
    scripts = re.findall(r"<script[^>]*>", text)
    assert all("nonce=" in script or "src=" in script for script in scripts)


def test_every_icon_that_only_data_holds_is_listed():
    """The set-up finds icon('…') by itself; the names in tables of the components must be in icons.txt."""
    listed = {
        line.strip()
        for line in (ROOT / "templates" / "icons.txt").read_text("utf-8").splitlines()
        if not line.startswith("#")
    }
    marks = (ROOT / "templates" / "components" / "marks.html").read_text("utf-8")
    tabled = set(re.findall(r":\s*\('([a-z0-9-]+)', '", marks)) - {
        "ok",
        "outdated",
        "vulnerable",
        "unsupported",
        "unknown",
    }
    errors = set(
        re.findall(r"\d{3}: \('([a-z0-9-]+)'", (ROOT / "templates" / "errors" / "error.html").read_text("utf-8"))
    )
    assert len(tabled) > 20
    assert len(errors) > 8
    assert tabled | errors <= listed


def test_every_icon_is_in_the_sprite():
    sprite = ROOT / "static" / "vendor" / "icons.svg"
    if not sprite.exists():
        pytest.skip("static/vendor is made by `make setup`")
    drawn = set(re.findall(r'<symbol id="([^"]+)"', sprite.read_text("utf-8")))
    used = {name for path in TEMPLATES for name in ICON.findall(COMMENT.sub("", path.read_text("utf-8")))}
    assert used <= drawn


@pytest.mark.parametrize("count", [0, 1, 3, 9])
def test_the_shell_has_its_landmarks(count):
    one = shell()["organizations"][0]
    text = page(organizations=[one] * count, current_organization=one if count == 1 else None)
    outline = Outline(text)
    assert not outline.open
    assert [values["id"] for values in outline.all("main")] == ["main"]
    assert {"href": "#main", "class": "pb-skip"} in outline.all("a")
    names = [values["aria-label"] for values in outline.all("nav")]
    assert len(names) == len(set(names)) == 2
    assert len(outline.identities) == len(set(outline.identities))
    assert set(outline.references) <= set(outline.identities)
    assert len(re.search(r'<nav class="pb-tabbar".*?</nav>', text, re.DOTALL).group().split("<a ")) == 6


def test_there_is_a_switch_only_where_there_is_something_to_switch():
    one = shell()["organizations"][0]
    assert "/organizations/current" not in page()
    several = page(organizations=[one] * 3)
    assert several.count('action="/organizations/current"') == 2
    assert "data-narrow" not in several
    assert "data-narrow" in page(organizations=[one] * 8)


def test_htmx_may_not_evaluate_and_shows_what_was_refused():
    config = re.search(r"""name="htmx-config" content='([^']+)'""", page()).group(1)
    for part in (
        '"allowEval":false',
        '"includeIndicatorStyles":false',
        '"historyCacheSize":0',
        '{"code":"422","swap":true}',
        '"swap":false,"error":true',
    ):
        assert part in config


@pytest.mark.parametrize(
    ("theme", "attribute"), [("auto", None), ("light", "light"), ("dark", "dark"), ('"><b>', None)]
)
def test_the_theme_is_there_before_anything_is_drawn(theme, attribute):
    assert Outline(page(theme=theme)).all("html")[0].get("data-bs-theme") == attribute


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 412, 413, 418, 422, 429, 500, 503, 504])
def test_an_error_has_a_page_inside_and_outside_of_the_shell(status):
    inside = page("errors/error.html", status=status, message="It is so.")
    outside = (
        environment().get_template("errors/error.html").render(status=status, message="It is so.", request_id="req_1")
    )
    for text in (inside, outside):
        outline = Outline(text)
        assert not outline.open
        assert len(outline.all("h1")) == len(outline.all("main")) == 1
        assert 'data-error="It is so."' in text
        assert "req_1" in text
    assert ("pb-nav" in inside) == (status < 500), "when our side is down the shell may be what fails"
    assert "pb-nav" not in outside


def test_the_sign_in_page_is_a_form_that_works_alone():
    form = Form(
        values={"email": "ada@meridian.example", "password": "secret-secret"},
        errors={"password": "E-mail address or password is wrong."},
    )
    text = environment().get_template("accounts/login.html").render(form=form, next="/sites", theme="auto")
    outline = Outline(text)
    fields = {values["name"]: values for values in outline.all("input")}
    assert set(fields) == {"csrf_token", "next", "email", "password", "remember"}
    assert fields["next"]["value"] == "/sites"
    assert fields["email"]["value"] == "ada@meridian.example"
    assert fields["password"]["value"] == ""
    assert fields["password"]["aria-describedby"] == "f-password-error"
    assert outline.all("form")[0]["method"] == "post"
    assert "secret-secret" not in text
    assert "Forgotten?" not in text
