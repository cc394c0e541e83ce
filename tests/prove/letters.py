"""Letters: whoever gets a mail can open the pages it leads to, at the moment it was written."""

import re
from dataclasses import dataclass, field

from django.conf import settings
from django.db.models import Max
from django.test import Client
from django.utils import translation

from rdfast.flow.deadlines import settle_down
from rdfast.outbox.models import Message
from tests.prove.playing import Deliver, Player, surroundings
from tests.prove.proof import Options, Outcome
from tests.prove.stories import STORIES


def prove(options: Options) -> Outcome:
    """Walk every story once."""
    player = Letters("letters")
    with surroundings(player):
        player.walk(STORIES, planted=options.planted)
    return Outcome(player.opened, "links", player.violations + player.closed, _told(player))


@dataclass
class Letters(Player):
    """Does every step once, and opens what its mails lead to."""

    opened: int = 0
    # Kept apart: a page that does not open ends no story.
    closed: list[str] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)

    def step(self, what: str, deliver: list[Deliver], *, again: list[Deliver]) -> None:
        """Once; then every new mail is read by the person it was written to."""
        before = Message.objects.aggregate(last=Max("pk"))["last"] or 0
        for each in deliver:
            each()
        settle_down(at=self.at)
        for message in Message.objects.filter(pk__gt=before).select_related("to").order_by("pk"):
            self._open(message)
        self.progress.at(self.opened, f"{len(self.closed)} do not open")

    def _open(self, message: Message) -> None:
        self.kinds.add(message.key.split(":")[1])
        browser = Client(raise_request_exception=False)
        browser.force_login(message.to)
        for address in re.findall(rf"^{re.escape(settings.SITE_URL)}(/\S*)", message.body, re.MULTILINE):
            answer = browser.get(address, follow=True)
            translation.deactivate()
            self.opened += 1
            if answer.status_code != 200:
                self.closed.append(
                    f"“{message.subject}” sends {message.to.name} to {address}: {answer.status_code}"
                )


def _told(player: Letters) -> list[str]:
    every = {each.stem for each in (settings.BASE_DIR / "templates" / "mail").iterdir()}
    unmet = ", ".join(sorted(every - player.kinds))
    return [
        f"{player.opened:,} links of {len(player.kinds)} kinds of mail were opened, each by the person it was written to."
        + (f" Not met: {unmet}." if unmet else "")
    ]
