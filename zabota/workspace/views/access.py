"""Who may come in: signed-in agents, some of them with a permission. Everybody else sees a 404."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest

from zabota.staff.models import Agent
from zabota.workspace.context.rail import forget_counts

P = ParamSpec("P")
AgentView = Callable[Concatenate[HttpRequest, Agent, P], HttpResponse]
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def for_agents(permission: str = "") -> Callable[[AgentView[P]], View[P]]:
    """Give the view the agent who asks. Strangers sign in; without `permission` it is a 404."""

    def decorate(view: AgentView[P]) -> View[P]:
        @wraps(view)
        def check(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            agent = request.user
            if not isinstance(agent, Agent) or (permission and not agent.may(permission)):
                raise Http404
            if any("\x00" in value for values in request.POST.lists() for value in values[1]):
                return HttpResponseBadRequest()  # no field has it, and PostgreSQL takes none
            response = view(request, agent, *args, **kwargs)
            if request.method == "POST":
                forget_counts(agent)
            return response

        return login_required(check)  # type: ignore[return-value]

    return decorate
