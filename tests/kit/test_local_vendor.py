"""Front-end files: the sprite of the icons that are used, what is copied, and npm's reasons."""

from __future__ import annotations

import os
import time

import pytest

from webapp.kit.local import CannotStart, icons, vendor

OUTLINE = """<svg
  xmlns="http://www.w3.org/2000/svg"
  viewBox="0 0 24 24"
>
  <path stroke="none" d="M0 0h24v24H0z" fill="none" />
  <path d="M12 {n}v1" />
</svg>"""


@pytest.fixture
def project(tmp_path):
    outlines = tmp_path / "outlines"
    outlines.mkdir()
    for n, name in enumerate(("shield", "flame", "x", "clock-2", "plug", "plug-x", "unused")):
        (outlines / f"{name}.svg").write_text(OUTLINE.replace("{n}", str(n)))
    (tmp_path / "templates" / "fleet").mkdir(parents=True)
    (tmp_path / "webapp").mkdir()
    (tmp_path / "templates" / "fleet" / "sites.html").write_text(
        """{{ icon("shield") }} <use href="/vendor/icons.svg#x"/> {{ icon('plug' if there else 'plug-x', "ok") }}"""
    )
    (tmp_path / "webapp" / "marks.py").write_text("def mark():\n    return icon('flame', size=2)\n")
    return tmp_path


def test_sprite_holds_what_is_used_and_nothing_else(project):
    target = project / "static" / "vendor" / "icons.svg"
    assert icons.build(project, project / "outlines", target)
    text = target.read_text()
    used = [
        name
        for name in ("shield", "flame", "x", "plug", "plug-x")
        if f'<symbol id="{name}" viewBox="0 0 24 24">' in text
    ]
    assert used == ["shield", "flame", "x", "plug", "plug-x"]
    assert text.count("<symbol") == 5
    assert 'd="M12 0v1"' in text
    assert "M0 0h24v24H0z" not in text


def test_sprite_is_made_anew_only_where_a_source_has_changed(project):
    target = project / "icons.svg"
    assert icons.build(project, project / "outlines", target)
    assert not icons.build(project, project / "outlines", target)
    listed = project / "templates" / "icons.txt"
    listed.write_text("clock-2  # only the data names it\n\n")
    os.utime(listed, (time.time() + 5, time.time() + 5))
    assert icons.build(project, project / "outlines", target)
    assert 'id="clock-2"' in target.read_text()


@pytest.mark.parametrize("text", ['{{ icon("sheild") }}', "{{ icon( 'sheild' , 'big') }}", "icons.svg#sheild"])
def test_icon_that_does_not_exist_is_named_with_its_file(project, text):
    (project / "templates" / "base.html").write_text(text)
    with pytest.raises(CannotStart, match=r"templates/base.html uses an icon that does not exist: sheild"):
        icons.build(project, project / "outlines", project / "icons.svg")


def test_copies_what_is_served_without_the_maps(tmp_path):
    for source in vendor.SERVED:
        path = tmp_path / "node_modules" / source
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(
            b"code {}\n/*# sourceMappingURL=x.css.map */\n"
            if source.endswith("css")
            else b"code()\n//# sourceMappingURL=x.js.map"
        )
        (path.parent / "LICENSE").write_text("whose")
    vendor.copy(tmp_path / "node_modules", tmp_path / "vendor")
    assert (tmp_path / "vendor" / "tabler.min.css").read_bytes() == b"code {}\n"
    assert (tmp_path / "vendor" / "htmx.min.js").read_bytes() == b"code()\n"
    assert {name for name in vendor.SERVED.values() if not (tmp_path / "vendor" / name).exists()} == set()


def test_package_that_lost_a_file_is_named(tmp_path):
    with pytest.raises(CannotStart, match="@tabler/core"):
        vendor.copy(tmp_path, tmp_path / "vendor")


def test_npm_s_reason_without_its_notices():
    said = "npm warn old\nnpm error code ENOTFOUND\nnpm error network no address\nnpm error A complete log of this"
    assert vendor.reason(said) == "code ENOTFOUND network no address"
    assert "connection" in vendor.reason("")


def test_npm_of_the_machine_comes_first(monkeypatch, tmp_path):
    monkeypatch.setattr(vendor.shutil, "which", lambda name: f"/usr/bin/{name}")
    assert vendor.npm(tmp_path) == ["/usr/bin/npm"]
