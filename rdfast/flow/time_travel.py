"""Moving a demo installation's clock forward: every deadline on the way acts in order, on the real engine."""

import time
from datetime import datetime, timedelta

from rdfast.flow.deadlines import settle_down
from rdfast.timers import clock, queries


def forward_to(instant: datetime) -> datetime:
    """Move the demo clock to `instant`, stopping at every deadline on the way. Raises NotADemo elsewhere."""
    target = max(instant, clock.move_to(clock.now()))
    settle_down(at=clock.now())
    while (due := queries.next_due()) is not None and due <= target:
        settle_down(at=clock.move_to(due))
        if queries.next_due() == due:
            time.sleep(0.05)  # another sweeper holds it; let it finish, so that the order stays
    now = clock.move_to(target)
    settle_down(at=now)
    return now


def forward_by(span: timedelta) -> datetime:
    """Move the demo clock by `span`."""
    return forward_to(clock.now() + span)


def forward_to_next_deadline() -> datetime:
    """Move the demo clock to the next deadline, if there is one."""
    return forward_to(queries.next_due() or clock.now())
