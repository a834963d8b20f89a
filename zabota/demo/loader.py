"""Loading the demonstration: all of it or nothing, once."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from zabota.core import clock
from zabota.core.locks import Lock
from zabota.demo.content import Company, read_company, read_stories
from zabota.demo.founding import found_company, new_password
from zabota.demo.playing import Play
from zabota.staff.models import Agent


@dataclass(frozen=True, slots=True)
class DemoSummary:
    """What was loaded, as lines to print; `password` is None if it had been loaded before."""

    tickets: int
    customers: int
    agents: tuple[Agent, ...]
    password: str | None

    def __iter__(self) -> Iterator[str]:
        if self.password is None:
            yield _("The demonstration company is here already; nothing was changed.")
            yield _("To get in: zabota create-admin --email %(email)s") % {
                "email": self.agents[-1].email
            }
            return
        loaded = _("Demonstration company loaded: %(tickets)d tickets, %(customers)d customers.")
        yield loaded % {"tickets": self.tickets, "customers": self.customers}
        yield _("Sign in with the password %(password)s as") % {"password": self.password}
        width = max(len(agent.email) for agent in self.agents)
        for agent in self.agents:
            yield f"  {agent.email:{width}}  {agent.name}, {agent.role}"


def load(now: datetime | None = None) -> DemoSummary:
    """Put the demonstration company in, as if it had lived through weeks up to `now`.

    One transaction; no mail goes out. The second time nothing happens.
    """
    company = read_company()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [Lock.LOAD_DEMO])
        if there := _agents_there(company):
            return DemoSummary(0, 0, there, None)
        return _load(company, (now or clock.now()).astimezone(timezone.get_default_timezone()))


def _agents_there(company: Company) -> tuple[Agent, ...]:
    emails = [agent.email for agent in company.agents.values()]
    return tuple(Agent.objects.filter(email__in=emails).order_by("pk"))


def _load(company: Company, now: datetime) -> DemoSummary:
    password, stories = new_password(), read_stories()
    desk = found_company(company, password)
    Play(company, desk, now).perform(stories)
    people = {story.customer for story in stories}
    return DemoSummary(len(stories), len(people), tuple(desk.agents.values()), password)
