"""`/notification-channels`: where messages go, whether they arrive, a test, and the secret that they are signed with."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Response, current_app, request

from webapp.accounts.queries import organizations_with
from webapp.kit.clock import now
from webapp.kit.mail import sends_mail
from webapp.kit.permissions import Actor, Permission
from webapp.kit.web.forms import Form
from webapp.kit.web.pages import ListView, chosen_organization, go, page, within
from webapp.notify.actions import channels
from webapp.notify.actions.delivering import send_test
from webapp.notify.channels import KINDS
from webapp.notify.models import NotificationChannel
from webapp.notify.pages.door import pages
from webapp.notify.pages.words import CHANNELS, frame, kinds, options
from webapp.notify.queries.channels import find_channels, get_any_channel, get_channel
from webapp.notify.queries.deliveries import last_of_channel
from webapp.notify.schemas.channels import ChannelInput, ChannelPatch, ChannelQuery, RotateSecretInput

P = Permission
LIST = "/notification-channels"
ONE = "notify_pages.show_channel"
CHANNEL = f"{LIST}/<uuid:channel_id>"
MOST_SHOWN = 10


@pages.get(LIST, needs=P.NOTIFICATION_READ, query=ChannelQuery)
def list_channels(actor: Actor, query: dict[str, Any]) -> Response:
    """Where messages go, those that fail first."""
    asked = within(actor, query)
    return page("notify/channels.html", block="content", listing=ListView(find_channels(actor, asked), asked, f"/api/v1{LIST}"),
                place=asked.get("organization_id"), kinds=kinds(), states=_states(), **frame(LIST))


@pages.get(f"{LIST}/new", needs=P.NOTIFICATION_MANAGE)
def new_channel(actor: Actor, form: Form | None = None) -> Response:
    """The kinds of channels, and the form of the chosen one."""
    form = form or Form({name: request.args[name] for name in ("kind", "organization_id") if name in request.args})
    return page("notify/channel_form.html", form=form, found=None, kind=KINDS.get(str(form.values.get("kind"))), kinds=kinds(),
                places=organizations_with(actor, P.NOTIFICATION_MANAGE), chosen=chosen_organization(actor), sends_mail=sends_mail())


@pages.post(f"{LIST}/new", needs=P.NOTIFICATION_MANAGE, takes=ChannelInput, again=new_channel)
def create_channel(actor: Actor, body: dict[str, Any]) -> Response:
    """Makes the channel; the secret of one that signs is shown this once."""
    made = channels.create_channel(actor, {**body, "is_enabled": True}, now())
    if KINDS[made.kind].signs:
        return _secret_once(made, is_new=True)
    return go(ONE, say=f"{made.name} is made. Send a test to see that it works.", channel_id=made.id)


@pages.get(CHANNEL, needs=P.NOTIFICATION_READ)
def show_channel(actor: Actor, channel_id: UUID, form: Form | None = None) -> Response:
    """One channel, how it stands, and what it delivered last."""
    found = get_any_channel(actor, channel_id)
    return page("notify/channel.html", found=found, form=form or Form(), kind=KINDS[found.kind],
                deliveries=last_of_channel(found.id, MOST_SHOWN),
                may_manage=actor.may(P.NOTIFICATION_MANAGE, found.organization_id), **frame(LIST))


@pages.get(f"{CHANNEL}/edit", needs=P.NOTIFICATION_MANAGE)
def edit_channel(actor: Actor, channel_id: UUID, form: Form | None = None) -> Response:
    """A form for what can be changed of a channel; its address is not shown, and stays unless another one is typed."""
    found = get_channel(actor, channel_id)
    actor.require(P.NOTIFICATION_MANAGE, found.organization_id)
    return page("notify/channel_form.html", form=form or Form(), found=found, kind=KINDS[found.kind], kinds=[], places=[], chosen=None,
                sends_mail=sends_mail())


@pages.post(f"{CHANNEL}/edit", needs=P.NOTIFICATION_MANAGE, takes=ChannelPatch, again=edit_channel)
def change_channel(actor: Actor, channel_id: UUID, body: dict[str, Any]) -> Response:
    """Saves what was changed."""
    changed = channels.change_channel(actor, get_channel(actor, channel_id, lock=True), body, now())
    return go(ONE, say="Saved.", channel_id=changed.id)


@pages.post(f"{CHANNEL}/test", needs=P.NOTIFICATION_MANAGE)
def test_channel(actor: Actor, channel_id: UUID) -> Response:
    """Sends a test message, and shows how it goes."""
    sent = send_test(actor, get_channel(actor, channel_id, lock=True), current_app.config["PUBLIC_URL"], now())
    return go("notify_pages.show_delivery", say="The test is on its way.", delivery_id=sent.id)


@pages.post(f"{CHANNEL}/rotate-secret", needs=P.NOTIFICATION_MANAGE, takes=RotateSecretInput, again=show_channel)
def rotate_channel_secret(actor: Actor, channel_id: UUID, body: dict[str, Any]) -> Response:
    """Makes a new secret and shows it this once; for a while, messages are signed with the old one too."""
    overlap = timedelta(hours=body["overlap_hours"])
    return _secret_once(channels.rotate_secret(actor, get_channel(actor, channel_id, lock=True), overlap, now()), is_new=False)


@pages.post(f"{CHANNEL}/delete", needs=P.NOTIFICATION_MANAGE)
def delete_channel(actor: Actor, channel_id: UUID) -> Response:
    """Deletes a channel that no rule uses."""
    found = channels.delete_channel(actor, get_channel(actor, channel_id, lock=True), now())
    return go("notify_pages.list_channels", say=f"{found.name} is deleted. It can be restored from the deleted channels.")


@pages.post(f"{CHANNEL}/restore", needs=P.NOTIFICATION_MANAGE)
def restore_channel(actor: Actor, channel_id: UUID) -> Response:
    """Brings a deleted channel back."""
    found = channels.restore_channel(actor, channel_id, now())
    return go(ONE, say=f"{found.name} is back.", channel_id=found.id)


def _secret_once(channel: NotificationChannel, *, is_new: bool) -> Response:
    return page("notify/channel_made.html", channel=channel, is_new=is_new)


def _states() -> list[dict[str, str]]:
    return options({state: word for state, (_, word) in CHANNELS.items()})
