"""GitHub's `ping`, sent when a webhook is made."""

from webapp.insights.actions.news import News, reads
from webapp.insights.values.words import Provider


@reads(Provider.GITHUB, "ping")
def ping(news: News) -> str:
    """Nothing but a word: it came, and its signature was right."""
    return "The webhook works."
