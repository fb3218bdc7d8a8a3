"""What a team of the demo delivered, from commits to sprints. Nothing here knows the database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from webapp.kit.clock import stamp
from webapp.ops.demo.places import Place

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
SPAN: Final = 18 * WEEK
SPRINT: Final = 2 * WEEK
SOURCE: Final = "deployment pipeline"
TITLES: Final = (
    "Cache the main menu per role", "Make the contact form accessible by keyboard", "Move the event feed to a queue",
    "Remove the old slideshow", "Show opening hours in the visitor's language", "Fix the broken breadcrumb on search results",
    "Load images lazily below the fold", "Add a preview link for editors", "Split the landing page template",
    "Limit uploads to what the form says", "Send the newsletter from the worker", "Test the redirects from the old site",
    "Use the theme's tokens for colours", "Keep the filter when paging through results", "Import staff profiles nightly",
    "Drop the unused paragraph types", "Answer 410 for retired pages", "Warm the cache after a deployment",
    "Describe the content types for editors", "Let editors schedule banners", "Repair the sitemap of translated pages",
    "Log failed imports with their line", "Update contributed modules", "Raise PHP on the build image")
FAILURES: Final = (
    ("Search answers with an error", "high"), ("Pages are served from a stale cache", "moderate"),
    ("Sign-in fails for editors", "critical"), ("The front page takes ten seconds", "high"), ("Forms lose their attachments", "moderate"))


@dataclass(slots=True)
class Delivered:
    """What is told of one repository and its team, as the bodies that the API takes, with datetimes; `team_id` and such are not in them."""

    commits: list[dict[str, Any]] = field(default_factory=list)
    pull_requests: list[dict[str, Any]] = field(default_factory=list)
    deployments: list[dict[str, Any]] = field(default_factory=list)
    incidents: list[dict[str, Any]] = field(default_factory=list)
    sprints: list[dict[str, Any]] = field(default_factory=list)
    measurements: list[dict[str, Any]] = field(default_factory=list)


class Team:
    """Draws eighteen weeks of a team's work on its repository; the same seed draws the same, counted back from `today`."""

    def __init__(self, place: Place, today: datetime, seed: int) -> None:
        self.place, self.today = place, today
        self.draw = Random(f"{seed} delivery {place.name}")  # noqa: S311 (a demo, not a secret)
        self.people = [(name, place.email(name)) for name in (place.people[1][0], *place.developers)]
        self.pace = self.draw.uniform(3.5, 6.5)
        self.head: str | None = None
        self.done = Delivered()

    def work(self) -> Delivered:
        """All of it, in an order in which it may be told."""
        began, number = self.today - SPAN, 100
        self._begin(began)
        for merged_at in self._merges(began):
            number += 1
            self._merge(number, merged_at)
            if self.draw.random() < 0.55:
                self._deploy(merged_at)
        self._open(number + 1)
        self._plan()
        self._measure()
        return self.done

    def _merges(self, began: datetime) -> Iterator[datetime]:
        """When something was merged: some times a week, in working hours."""
        last = moment = began + DAY
        while True:
            moment += timedelta(days=self.draw.expovariate(self.pace / 7))
            merged_at = moment.replace(hour=self.draw.randint(9, 16), minute=self.draw.randint(0, 59))
            if merged_at > self.today - DAY:
                return
            if merged_at.weekday() < 5 and merged_at > last:
                yield merged_at
                last = merged_at

    def _sha(self) -> str:
        return f"{self.draw.getrandbits(160):040x}"

    def _commit(self, at: datetime, who: tuple[str, str], message: str, parents: list[str], branch: str) -> str:
        sha = self._sha()
        lines = int(self.draw.lognormvariate(3.4, 1))
        merge = len(parents) > 1
        self.done.commits.append({
            "sha": sha, "parents": parents, "author_name": who[0], "author_email": who[1], "authored_at": at, "committed_at": at,
            "message": message, "lines_added": 0 if merge else lines, "lines_deleted": 0 if merge else int(lines * self.draw.random()),
            "branch": branch})
        return sha

    def _begin(self, at: datetime) -> None:
        """The state that the first deployment has; what came before it nobody knows."""
        self.head = self._commit(at, self.people[0], "Import the site as it is", [], "main")
        self._deploy(at)

    def _branch(self, number: int, opened_at: datetime, who: tuple[str, str]) -> tuple[datetime, str, str]:
        """The commits of a pull request before it was opened; when the first was written, the last one's sha, and the title."""
        title = self.draw.choice(TITLES)
        first_at = moment = opened_at - timedelta(hours=min(self.draw.lognormvariate(2.2, 0.9), 120))
        parent = str(self.head)
        for step in range(self.draw.randint(1, 4)):
            parent = self._commit(moment, who, title if not step else f"{title}: review", [parent], f"change-{number}")
            moment += (opened_at - moment) * self.draw.random()
        return first_at, parent, title

    def _request(self, number: int, opened_at: datetime) -> tuple[dict[str, Any], str]:
        who = self.draw.choice(self.people)
        first_at, tip, title = self._branch(number, opened_at, who)
        lines = int(self.draw.lognormvariate(4, 1))
        return {
            "number": number, "title": title, "author_name": who[0], "author_email": who[1], "state": "open", "opened_at": opened_at,
            "first_commit_at": first_at, "head_sha": tip, "head_branch": f"change-{number}", "base_branch": "main",
            "lines_added": lines, "lines_deleted": int(lines * self.draw.random()), "reviews": []}, tip

    def _reviewer(self, request: dict[str, Any]) -> str:
        return self.draw.choice([email for _, email in self.people if email != request["author_email"]])

    def _merge(self, number: int, merged_at: datetime) -> None:
        waited = timedelta(hours=min(self.draw.lognormvariate(2.6, 0.8), 160))
        opened_at = merged_at - waited
        request, tip = self._request(number, opened_at)
        reviewed_at = opened_at + waited * self.draw.uniform(0.1, 0.6)
        reviewer = self._reviewer(request)
        if self.draw.random() < 0.25:
            request["reviews"].append({"reviewer_email": reviewer, "state": "changes_requested", "submitted_at": reviewed_at})
            reviewed_at += (merged_at - reviewed_at) * 0.6
        request["reviews"].append({"reviewer_email": reviewer, "state": "approved", "submitted_at": reviewed_at})
        who = (request["author_name"], request["author_email"])
        self.head = self._commit(merged_at, who, f"Merge change {number}: {request['title']}", [str(self.head), tip], "main")
        request |= {"state": "merged", "merged_at": merged_at, "closed_at": merged_at, "merge_commit_sha": self.head}
        self.done.pull_requests.append(request)

    def _open(self, number: int) -> None:
        """What is under way today: one that waits for its review, and one that has had it."""
        for reviewed in (False, True):
            request, _ = self._request(number, self.today - timedelta(hours=self.draw.uniform(5, 60)))
            if reviewed:
                review = {"reviewer_email": self._reviewer(request), "state": "approved", "submitted_at": self.today - HOUR}
                request["reviews"].append(review)
            self.done.pull_requests.append(request)
            number += 1

    def _deploy(self, after: datetime) -> None:
        """Staging first, then production; now and then it fails, or something breaks, and that is an incident."""
        moment = after + timedelta(minutes=self.draw.uniform(20, 60))
        self._deployment("staging", moment, "success")
        moment += timedelta(hours=min(self.draw.lognormvariate(0.6, 0.8), 12))
        fails = self.draw.random() < 0.05
        live = self._deployment("production", moment, "failure" if fails else "success")
        if fails:
            self._deployment("production", moment + timedelta(minutes=self.draw.uniform(25, 90)), "success")
        elif len(self.done.deployments) // 2 % 9 == 5:  # by count: the shortest demo has something to look at, too
            title, severity = self.draw.choice(FAILURES)
            opened_at = live + timedelta(minutes=self.draw.uniform(5, 80))
            resolved_at = opened_at + timedelta(hours=min(self.draw.lognormvariate(0.8, 0.8), 20))
            if resolved_at < self.today:
                self.done.incidents.append({"title": title, "severity": severity, "opened_at": opened_at, "resolved_at": resolved_at,
                                            "external_id": f"{self.place.custom}-{stamp(opened_at)}"})

    def _deployment(self, environment: str, at: datetime, status: str) -> datetime:
        """Tells of a deployment of what is merged; gives when it was done. What would lie in the future has not happened."""
        finished_at = at + timedelta(minutes=self.draw.uniform(2, 9))
        if finished_at < self.today:
            self.done.deployments.append({
                "environment": environment, "status": status, "commit_sha": self.head, "ref": "main", "started_at": at,
                "finished_at": finished_at, "source": SOURCE, "external_id": f"{self.place.custom}-{environment}-{stamp(at)}"})
        return finished_at

    def _plan(self) -> None:
        """Sprints of two weeks from a Monday on; the last one is under way."""
        start = (self.today - SPAN + SPRINT).date()
        start -= timedelta(days=start.weekday())
        usual = self.draw.randint(24, 40)
        for number in range(1, 99):
            if start > self.today.date():
                return
            planned = usual + self.draw.randint(-4, 6)
            done = round(planned * min(self.draw.gauss(0.9, 0.1), 1.1))
            over = start + SPRINT - DAY < self.today.date()
            self.done.sprints.append({
                "name": f"Sprint {number}", "start_date": start, "end_date": start + SPRINT - 3 * DAY, "planned_points": float(planned),
                "completed_points": float(done if over else done // 3), "over": over})
            start += SPRINT

    def _measure(self) -> None:
        """What the build measures each week; coverage grows slowly, debt falls."""
        lines, share, smells = self.draw.randint(9_000, 16_000), self.draw.uniform(0.52, 0.66), self.draw.randint(180, 320)
        moment = self.today - SPAN + WEEK
        while moment < self.today:
            lines += self.draw.randint(0, 160)
            share = min(share + self.draw.uniform(-0.004, 0.012), 0.9)
            smells = max(smells + self.draw.randint(-11, 7), 40)
            self.done.measurements.append({
                "measured_at": moment, "lines_covered": int(lines * share), "lines_to_cover": lines, "code_smells": smells,
                "technical_debt_minutes": float(smells * 9), "bugs": self.draw.randint(2, 9),
                "vulnerabilities": self.draw.choice((0, 0, 1, 2)), "security_issues": self.draw.choice((0, 1, 1, 3))})
            moment += WEEK
