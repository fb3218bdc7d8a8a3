"""GitLab's `Issue Hook`: an issue of the type Incident, or one that is labelled so, from its opening until it is closed."""

from __future__ import annotations

from webapp.insights.actions.news import News, reads
from webapp.insights.actions.outside import bounded, is_labelled, tell_incident
from webapp.insights.values.words import Provider


@reads(Provider.GITLAB, "issue", "incident")
def issue(news: News) -> str:
    """Records how the issue stands, as far as it is an incident."""
    said = news.payload.part("object_attributes")
    labels = [each.text("title") for each in news.payload.parts("labels")]
    is_incident = (said.text("type") or "").lower() == "incident" or is_labelled(labels)
    closed = (said.moment("closed_at") or said.moment("updated_at")) if said.text("state") == "closed" else None
    return tell_incident(news, {
        "external_id": f"gitlab:{said.needed('id', 'number')}", "title": said.text("title", 300) or "Untitled",
        **bounded(said.needed("created_at", "moment"), closed)}, is_incident)
