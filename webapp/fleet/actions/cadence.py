"""Learning how often each site really reports, so that one that falls out of its own rhythm is seen before it counts as silent."""

from __future__ import annotations

from webapp.kit.db import execute

LOOK_BACK_DAYS = 60
MOST_GAPS = 30
LEAST_GAPS = 5
# The third quartile: most gaps are shorter, and one long silence among thirty does not move it. Gaps of seconds are repeats.
LEARN = """
UPDATE sites s SET usual_interval_minutes = learned.minutes FROM (
    SELECT site_id, greatest(round(extract(epoch FROM percentile_cont(0.75) WITHIN GROUP (ORDER BY gap)) / 60), 1)::integer AS minutes
    FROM (SELECT site_id, gap, row_number() OVER (PARTITION BY site_id ORDER BY received_at DESC) AS nth
          FROM (SELECT site_id, received_at, received_at - lag(received_at) OVER (PARTITION BY site_id ORDER BY received_at) AS gap
                FROM inventory_reports WHERE outcome <> 'refused' AND received_at > now() - make_interval(days => :days)) every
          WHERE gap > interval '1 minute') recent
    WHERE nth <= :most GROUP BY site_id HAVING count(*) >= :least
) learned
WHERE s.id = learned.site_id AND s.usual_interval_minutes IS DISTINCT FROM learned.minutes
"""


def learn_cadences() -> int:
    """Works out every site's usual interval from its last reports, and tells how many changed. The caller commits."""
    return execute(LEARN, days=LOOK_BACK_DAYS, most=MOST_GAPS, least=LEAST_GAPS)
