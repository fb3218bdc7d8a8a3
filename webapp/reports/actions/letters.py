"""The mail that goes out with a scheduled report: its files while they are small enough, and the way to them always."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from webapp.accounts.queries import names_of
from webapp.kit import mail
from webapp.kit.db import db
from webapp.reports.models import ReportSchedule
from webapp.reports.values import MIMETYPES, Built, Order


def mail_report(order: Order, built: Built, at: datetime) -> None:
    """Asks for a mail to each recipient of the report's schedule, once it is committed that the report is done."""
    schedule = db.session.scalars(select(ReportSchedule).where(ReportSchedule.id == order.schedule_id)).one()
    if schedule.deleted_at is not None:
        return
    owner = names_of([schedule.owner_id]).get(schedule.owner_id) or "Somebody"
    room, files, left = mail.attachments_room(), [], []
    for file in sorted(built.files, key=lambda each: each.bytes):
        if file.bytes <= room:
            room -= file.bytes
            files.append({"path": file.path, "mimetype": MIMETYPES[file.format].partition(";")[0]})
        else:
            left.append(file)
    title = schedule.title or order.title
    lines = [f"{schedule.name}: {title}, as of {built.snapshot_at:%d %B %Y, %H:%M} UTC.", f"Rows: {built.rows:,}", ""]
    if left:
        lines += [f"Too large to attach: {', '.join(f'{each.format.upper()} ({each.bytes / 2**20:.1f} MB)' for each in left)}.", ""]
    lines += ["The report, for those who may see it:", mail.address_of(f"/reports/{order.report_id}"), "",
              f"{owner} has put your address on this schedule. Ask them to take it off if you do not want it any more.", ""]
    for recipient in schedule.recipients:
        mail.post(recipient, f"{schedule.name}: {title}", "\n".join(lines), at, files)
