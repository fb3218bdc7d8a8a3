"""GitHub's `deployment` and `deployment_status`: a deployment is done with the status that says so, at the time of that status.

`updated_at` of a deployment is no such time: it moves again when the next deployment makes this one inactive.
"""

from __future__ import annotations

from webapp.insights.actions.news import Ignored, News, reads
from webapp.insights.actions.outside import environment_of, tell_deployment
from webapp.insights.values.delivery import Outcome
from webapp.insights.values.words import Provider

ENDS = {"success": Outcome.SUCCESS, "failure": Outcome.FAILURE, "error": Outcome.FAILURE}


@reads(Provider.GITHUB, "deployment")
def deployment(news: News) -> str:
    """Nothing is deployed yet when one is made."""
    raise Ignored("It has begun. What became of it comes with its status.")


@reads(Provider.GITHUB, "deployment_status")
def deployment_status(news: News) -> str:
    """Records a deployment that came to its end."""
    said, about = news.payload.part("deployment_status"), news.payload.part("deployment")
    state = said.text("state") or ""
    if state not in ENDS:
        raise Ignored("This status ends no deployment.")
    finished = said.needed("created_at", "moment")
    began = about.moment("created_at")
    return tell_deployment(news, {
        "external_id": f"github:{about.needed('id', 'number')}", "status": ENDS[state].value,
        "environment": environment_of(said.text("environment") or about.text("environment"), about.value("production_environment") is True),
        "commit_sha": about.sha("sha"), "ref": about.text("ref", 255), "finished_at": finished,
        "started_at": began if began is not None and began <= finished else None})
