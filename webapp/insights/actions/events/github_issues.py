"""GitHub's `issues`: one that is labelled `incident` is an incident of its repository, from its opening until it is closed."""

from __future__ import annotations

from webapp.insights.actions.news import News, reads
from webapp.insights.actions.outside import bounded, is_labelled, tell_incident
from webapp.insights.values.words import Provider


@reads(Provider.GITHUB, "issues")
def issues(news: News) -> str:
    """Records how the issue stands, as far as it is an incident."""
    said = news.payload.part("issue")
    closed = said.moment("closed_at") if said.text("state") == "closed" else None
    is_incident = is_labelled([each.text("name") for each in said.parts("labels")]) and news.payload.text("action") != "deleted"
    return tell_incident(news, {
        "external_id": f"github:{said.needed('id', 'number')}", "title": said.text("title", 300) or "Untitled",
        **bounded(said.needed("created_at", "moment"), closed)}, is_incident)
