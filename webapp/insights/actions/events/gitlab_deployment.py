"""GitLab's `Deployment Hook`: a deployment that came to its end, at the time at which its status changed, whatever its offset."""

from __future__ import annotations

from webapp.insights.actions.news import Ignored, News, reads
from webapp.insights.actions.outside import environment_of, tell_deployment
from webapp.insights.values.delivery import Outcome
from webapp.insights.values.payloads import SHA
from webapp.insights.values.words import Provider

ENDS = {"success": Outcome.SUCCESS, "failed": Outcome.FAILURE, "canceled": Outcome.CANCELLED}


@reads(Provider.GITLAB, "deployment")
def deployment(news: News) -> str:
    """Records it; its commit is named by the end of its address, for the payload itself has a short one only."""
    said = news.payload
    state = said.text("status") or ""
    if state not in ENDS:
        raise Ignored("This status ends no deployment.")
    sha = (said.text("commit_url") or "").rpartition("/")[2].lower()
    return tell_deployment(news, {
        "external_id": f"gitlab:{said.needed('project.id', 'number')}:{said.needed('deployment_id', 'number')}",
        "status": ENDS[state].value, "environment": environment_of(said.text("environment_tier") or said.text("environment")),
        "commit_sha": sha if SHA.match(sha) else None, "ref": said.text("ref", 255),
        "finished_at": said.needed("status_changed_at", "moment")})
