"""What the tests of pages look for in HTML."""

from __future__ import annotations

import html
import re
from typing import Any


def text_of(answer: Any) -> str:
    return str(answer.get_data(as_text=True))


def words_of(answer: Any) -> str:
    """The words of the page's main part, without tags."""
    main = text_of(answer).split("<main", 1)[-1].split("</main>", 1)[0]
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", main)))


def heading(answer: Any) -> str:
    found = re.findall(r"<h1[^>]*>(.*?)</h1>", text_of(answer))
    assert len(found) == 1
    return html.unescape(found[0])


def errors_of(answer: Any) -> dict[str, str]:
    """The sentence at each field that is wrong."""
    found = re.findall(r'id="f-([\w-]+)-error">.*?<span>(.*?)</span>', text_of(answer))
    return {name: html.unescape(sentence) for name, sentence in found}


def value_of(answer: Any, name: str) -> str:
    """What stands in the field of this name."""
    tag = next(tag for tag in re.findall(r"<input[^>]*>", text_of(answer)) if f'name="{name}"' in tag)
    return html.unescape(re.search(r'value="([^"]*)"', tag).group(1))


def navigation(answer: Any) -> list[str]:
    """Where the left navigation leads, in order."""
    found = re.search(r'<nav class="pb-nav".*?</nav>', text_of(answer), re.DOTALL)
    return re.findall(r'<li><a href="([^"]+)"', found.group()) if found else []


def said(browser: Any, answer: Any) -> str:
    """The word that is shown once after a redirect."""
    assert answer.status_code == 303, words_of(answer)
    page = text_of(browser.get(answer.headers["Location"]))
    found = re.search(r'pb-toast-ok.*?<span>(.*?)</span>', page)
    return html.unescape(found.group(1)) if found else ""


def fragment_is_part(browser: Any, path: str) -> None:
    """What htmx gets is a part of the page that everybody gets, and no page."""
    whole, part = browser.get(path), browser.get(path, htmx=True)
    assert (whole.status_code, part.status_code) == (200, 200)
    assert "HX-Request" in part.headers["Vary"]
    assert "HX-Request" in whole.headers["Vary"]
    assert "<html" not in text_of(part)
    assert 'id="results"' in text_of(part)
    assert steady(text_of(part)) in steady(text_of(whole))


def steady(text: str) -> str:
    """The text without what differs between two requests: the CSRF token's signature and ages."""
    text = re.sub(r'name="csrf_token" value="[^"]*"', "", text)
    return re.sub(r"just now|\d+ \w+ ago", "now", text).strip()
