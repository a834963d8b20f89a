"""Who asks: the holder of a token (RFC 6750), and what the token is for."""

from django.http import HttpRequest
from ninja.security import HttpBearer

from zabota.api.problems import Refused
from zabota.staff.models import Agent, ApiToken
from zabota.staff.queries import find_token

NO_TOKEN = {"WWW-Authenticate": 'Bearer realm="zabota"'}
BAD_TOKEN = {"WWW-Authenticate": 'Bearer realm="zabota", error="invalid_token"'}


class Token(HttpBearer):
    """`Authorization: Bearer zbt_…` with this scope; it never reaches further than its agent."""

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.scope = scope

    def __call__(self, request: HttpRequest) -> ApiToken:
        token: ApiToken | None = super().__call__(request)
        if token is None:
            raise Refused(401, "Send a token: Authorization: Bearer …", headers=NO_TOKEN)
        return token

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken:
        found = find_token(token)
        if found is None:
            raise Refused(401, "This token is unknown or has ended", headers=BAD_TOKEN)
        if self.scope not in found.scopes:
            challenge = f'Bearer realm="zabota", error="insufficient_scope", scope="{self.scope}"'
            detail = f"This token has no scope {self.scope}"
            raise Refused(403, detail, headers={"WWW-Authenticate": challenge})
        return found


class ApiRequest(HttpRequest):
    """A request that came with a token."""

    auth: ApiToken


def agent_of(request: ApiRequest) -> Agent:
    """The agent whose token it is."""
    return request.auth.agent


READ, WRITE, EVENTS = Token("tickets:read"), Token("tickets:write"), Token("events:read")
