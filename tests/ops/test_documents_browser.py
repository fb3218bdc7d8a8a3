"""Both readers of the OpenAPI document in a real browser: they show the operations, and the console stays silent."""

from __future__ import annotations

import shutil
import threading

import pytest
from werkzeug.serving import make_server

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PATIENCE = 120_000
"""Milliseconds; pages are slow where many tests run at once."""
pytestmark = [pytest.mark.browser, pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")]


@pytest.fixture
def address(app):
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def tab():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"], timeout=PATIENCE)
        page = browser.new_page()
        page.set_default_timeout(PATIENCE)
        page.said, page.asked = [], []
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.on("request", lambda request: page.asked.append(request.url))
        yield page
        browser.close()


def test_swagger_ui_shows_and_tries_operations(address, tab):
    tab.goto(f"{address}/docs")
    tab.wait_for_selector(".opblock-tag")
    tags = tab.locator(".opblock-tag").all_inner_texts()
    assert any("Accounts" in tag for tag in tags)
    tab.locator(".opblock-tag", has_text="Operation").click()
    tab.locator(".opblock", has=tab.get_by_text("/health/live")).locator(".opblock-summary-control").click()
    tab.locator("button.try-out__btn").click()
    tab.locator("button.execute").click()
    tab.wait_for_selector(".live-responses-table .response-col_status")
    assert "200" in tab.locator(".live-responses-table .response-col_status").last.inner_text()
    quiet(tab, address)


def test_redoc_shows_operations_and_finds_them(address, tab):
    tab.goto(f"{address}/redoc")
    tab.wait_for_selector("[id*='operation/show_live']", state="attached")
    tab.locator("input[placeholder*='Search']").fill("audit")
    tab.wait_for_selector("[data-role='search:results'] li")
    quiet(tab, address)


def quiet(tab, address):
    assert tab.said == []
    assert [url for url in tab.asked if not url.startswith((address, f"blob:{address}"))] == []
