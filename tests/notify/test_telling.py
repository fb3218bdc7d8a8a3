"""From what happens to what is posted: rules match, things gather into one message, and it is signed."""

from __future__ import annotations

import json

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from tests import factories
from tests.notify.receiver import receiving
from tests.notify.steps import deliveries, delivery, pass_time, rule, tell, webhook, work
from webapp.catalog.actions.advisories import import_advisories
from webapp.catalog.verdicts.advisories import AdvisoryRecord, Affected, ids_of
from webapp.kit.clock import now

NAME = "SA-CONTRIB-2026-001"


def publish(app, *names, package="webform", risk="AC:None/A:None/CI:All/II:All/E:Exploit/TD:All"):
    """Advisories come out, and the fleet is looked at."""
    records = [AdvisoryRecord(source="osv-drupal", source_id=name, ids=ids_of([name]), title=f"{name} title", published_at=factories.ago(days=1),
                              risk=risk, affected=(Affected(package, "<6.2.9"),)) for name in names]
    with factories.writing(app):
        import_advisories(records, now())
    work(app)


def fleet(app, cast, count, **fields):
    with factories.writing(app):
        sites = [factories.site(cast.organization, name=f"Site {number:03}", **fields) for number in range(count)]
        for site in sites:
            factories.reported(site, {"webform": "6.2.7"}, factories.ago(hours=2))
    return sites


def posted(receiver, place=-1):
    return json.loads(receiver.posted[place].body)


def test_an_advisory_on_many_sites_is_one_signed_message(app, cast):
    with receiving() as receiver:
        channel = webhook(cast, receiver.url)
        rule(cast, channel, "exposure.opened")
        fleet(app, cast, 30)
        publish(app, NAME)
        assert receiver.posted == []
        tell(app)
        assert len(receiver.posted) == 1
        request = receiver.posted[0]
        document = Webhook(channel["secret"]).verify(request.body, request.headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(channel["secret"]).verify(request.body + b" ", request.headers)
    data = document["data"]
    assert (document["type"], data["items_count"], data["items"][0]["sites_count"]) == ("exposure.opened", 1, 30)
    assert data["items"][0]["advisory"]["name"] == NAME
    assert len(data["items"][0]["sites"]) == 20
    assert data["title"].startswith("30 sites are exposed to SA-CONTRIB-2026-001 (critical)")
    assert data["items"][0]["text"].startswith("Site 000, Site 001, Site 002 and 27 more are exposed to SA-CONTRIB-2026-001 (critical)")
    assert data["url"] == f"https://patchboard.example/exposures?advisory={NAME}&state=open"
    told = deliveries(cast)
    assert [(each["state"], each["tries"], each["last_code"], each["channel_name"], each["rule_name"]) for each in told] == [
        ("delivered", 1, 200, "Pager", "Everything")]
    assert request.headers["webhook-id"] == told[0]["id"]
    assert delivery(cast, told[0]["id"])["payload"] == document


def test_what_follows_soon_is_gathered_into_one_message_more(app, cast):
    with receiving() as receiver:
        rule(cast, webhook(cast, receiver.url), "exposure.opened")
        fleet(app, cast, 2)
        publish(app, NAME)
        tell(app)
        publish(app, "SA-CONTRIB-2026-002")
        publish(app, "SA-CONTRIB-2026-003")
        tell(app)
        assert len(receiver.posted) == 1  # the pause after the first is not over
        pass_time(app, minutes=5)
        assert len(receiver.posted) == 2
    assert posted(receiver)["data"]["title"] == "2 sites are exposed to 2 advisories"
    assert [each["advisory"]["name"] for each in posted(receiver)["data"]["items"]] == ["SA-CONTRIB-2026-002", "SA-CONTRIB-2026-003"]


@pytest.mark.parametrize(("filters", "told"), [
    ({"severity": "critical"}, True), ({"tags": ["shop", "public"]}, True), ({"environments": ["production", "staging"]}, True), ({"team": True}, True),
    ({"tags": ["intranet"]}, False), ({"environments": ["staging"]}, False), ({"team": "other"}, False), ({"is_enabled": False}, False),
])
def test_a_rule_tells_of_what_it_asks_for_alone(app, cast, filters, told):
    teams = [cast.admin.post("/teams", {"organization_id": str(cast.organization.id), "name": name}).json["data"]["id"] for name in ("Web", "Shop")]
    asked = {name: value for name, value in filters.items() if name != "team"}
    if "team" in filters:
        asked["team_id"] = teams[1 if filters["team"] == "other" else 0]
    with receiving() as receiver:
        rule(cast, webhook(cast, receiver.url), "exposure.opened", **asked)
        fleet(app, cast, 1, tags=["public"], team_id=teams[0])
        publish(app, NAME)
        tell(app)
    assert bool(receiver.posted) is told


def test_a_lesser_severity_than_asked_for_is_not_told(app, cast):
    with receiving() as receiver:
        rule(cast, webhook(cast, receiver.url), "exposure.opened", severity="high")
        fleet(app, cast, 1)
        publish(app, NAME, risk="AC:Complex/A:Admin/CI:Some/II:Some/E:Theoretical/TD:Default")
        tell(app)
        assert receiver.posted == []
        publish(app, "SA-CONTRIB-2026-002")
        tell(app)
    assert [each["advisory"]["name"] for each in posted(receiver)["data"]["items"]] == ["SA-CONTRIB-2026-002"]


def test_another_organizations_sites_are_nobodys_to_be_told_of(app, cast):
    with receiving() as receiver:
        rule(cast, webhook(cast, receiver.url), "exposure.opened")
        with factories.writing(app):
            factories.reported(factories.site(cast.elsewhere), {"webform": "6.2.7"}, factories.ago(hours=2))
        publish(app, NAME)
        tell(app)
    assert receiver.posted == []


def test_a_publication_is_told_of_once_and_closing_too(app, cast):
    with receiving() as receiver:
        rule(cast, webhook(cast, receiver.url), "advisory.published", "exposure.closed")
        site = fleet(app, cast, 1)[0]
        publish(app, NAME)
        tell(app)
        assert [posted(receiver, place)["type"] for place in range(len(receiver.posted))] == ["advisory.published"]
        key = cast.key(site=site)
        key.post(f"/sites/{site.id}/modules", {"modules": [{"name": "webform", "version": "6.2.9"}]})
        tell(app)
        assert posted(receiver)["type"] == "exposure.closed"
        assert posted(receiver)["data"]["title"] == f"Site 000 is no longer exposed to {NAME} (critical), {NAME} title"
        key.post(f"/sites/{site.id}/modules", {"modules": [{"name": "webform", "version": "6.2.6"}]})
        publish(app, NAME, risk="AC:None/A:None/CI:All/II:All/E:Proof/TD:All")
        tell(app)
        pass_time(app, minutes=6)
        assert len(receiver.posted) == 2
