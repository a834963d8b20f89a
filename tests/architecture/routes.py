"""Who may ask what: every address of the house, every method, every kind of person.

A new address fails `test_matrix.py` until it has its line here. `own` is an operator of the team
that has the ticket, `other` of another team; `ended` is somebody who has left but is still signed
in, for the API a token that has expired; `scopeless` is an administrator's token without the scope.
"""

from typing import Any, NamedTuple

SCREENS = """
                                        anonymous own other supervisor analyst administrator ended
GET    /healthz                            200    200  200     200       200        200       200
GET    /readyz                             200    200  200     200       200        200       200
GET    /metrics                            200    200  200     200       200        200       200
GET    /                                   302    302  302     302       302        302       302
GET    /views/<slug:slug>                  302    200  200     200       200        200       302
GET    /views/spam                         302    200  200     200       404        200       302
GET    /views/bin                          302    404  404     200       404        200       302
GET    /hidden/<int:number>                302    200  404     200       404        200       302
POST   /tickets/put-away                   302    302  302     302       404        302       302
POST   /tickets/bring-back                 302    302  302     302       404        302       302
POST   /tickets/<int:number>/no-spam       302    302  404     302       404        302       302
GET    /search                             302    200  200     200       200        200       302
GET    /tickets/new                        302    200  200     200       404        200       302
POST   /tickets/new                        302    302  302     302       404        302       302
GET    /tickets/<int:number>               302    200  404     200       200        200       302
POST   /tickets/<int:number>/changes       302    302  404     302       404        302       302
POST   /tickets/<int:number>/messages      302    302  404     302       404        302       302
POST   /tickets/<int:number>/draft         302    204  404     204       404        204       302
POST   /tickets/<int:number>/seen          302    204  404     204       204        204       302
GET    /messages/<int:pk>/original         302    200  404     200       200        200       302
GET    /messages/<int:pk>/picture          302    400  404     400       400        400       302
POST   /messages/<int:pk>/answer-there     302    302  404     302       404        302       302
POST   /messages/<int:pk>/send-there       302    302  404     302       404        302       302
POST   /messages/<int:pk>/undo             302    302  404     302       404        302       302
GET    /attachments/<int:pk>               302    200  404     200       200        200       302
GET    /attachments/<int:pk>/letter        302    415  404     415       415        415       302
GET    /attachments/<int:pk>/picture       302    415  404     415       415        415       302
GET    /customers/<int:pk>                 302    200  404     200       200        200       302
GET    /outbox                             302    404  404     200       404        200       302
POST   /outbox/many                        302    404  404     302       404        302       302
POST   /outbox/hold                        302    404  404     302       404        302       302
POST   /outbox/release                     302    404  404     302       404        302       302
POST   /outbox/<int:pk>/retry              302    302  404     302       404        302       302
GET    /inbound                            302    404  404     200       404        200       302
POST   /inbound/many                       302    404  404     302       404        302       302
GET    /inbound/<int:pk>                   302    404  404     200       404        200       302
GET    /inbound/<int:pk>/original          302    404  404     404       404        404       302
GET    /inbound/<int:pk>/raw               302    404  404     200       404        200       302
POST   /inbound/<int:pk>/retry             302    404  404     302       404        302       302
POST   /chores/<int:pk>/undo               302    404  404     302       404        404       302
GET    /settings/blocks                    302    404  404     200       404        200       302
POST   /settings/blocks                    302    404  404     302       404        302       302
POST   /settings/blocks/<int:pk>/remove    302    404  404     302       404        302       302
GET    /settings/mail                      302    404  404     404       404        302       302
POST   /settings/mail/<int:pk>/look        302    404  404     404       404        302       302
GET    /settings/mail/<int:pk>/<slug:kind>/<slug:language>  302  404  404  404  404  200  302
POST   /settings/mail/<int:pk>/<slug:kind>/<slug:language>  302  404  404  404  404  302  302
GET    /settings/mail/<int:pk>/<slug:kind>/<slug:language>/preview  302  404  404  404  404  200  302
POST   /settings/mail/<int:pk>/<slug:kind>/<slug:language>/preview  302  404  404  404  404  200  302
POST   /settings/mail/<int:pk>/<slug:kind>/<slug:language>/test  302  404  404  404  404  302  302
GET    /settings/dead-letters              302    404  404     200       404        200       302
POST   /settings/dead-letters/do           302    404  404     302       404        302       302
GET    /settings/inboxes                   302    404  404     200       404        200       302
GET    /settings/inboxes/new               302    404  404     404       404        200       302
POST   /settings/inboxes/new               302    404  404     404       404        302       302
GET    /settings/inboxes/connected         302    404  404     404       404        404       302
GET    /settings/inboxes/<int:pk>          302    404  404     404       404        200       302
POST   /settings/inboxes/<int:pk>          302    404  404     404       404        302       302
POST   /settings/inboxes/<int:pk>/pause    302    404  404     404       404        302       302
GET    /settings/inboxes/<int:pk>/connect  302    404  404     404       404        302       302
GET    /settings/me                        302    200  200     200       200        200       302
POST   /settings/me                        302    302  302     302       302        302       302
POST   /settings/me/looks                  302    302  302     302       302        302       302
GET    /sign-in                            200    302  302     302       302        302       200
POST   /sign-in                            200    302  302     302       302        302       200
PUT    /sign-in                            200    302  302     302       302        302       200
OPTIONS /sign-in                           200    302  302     302       302        302       200
POST   /sign-out                           302    302  302     302       302        302       302
GET    /setup/<str:secret>                 200    200  200     200       200        200       200
POST   /setup/<str:secret>                 422    422  422     422       422        422       422
GET    /static/built/<str:name>            404    404  404     404       404        404       404
GET    /style                              404    404  404     404       404        404       404
"""  # noqa: E501

API = """
                                        anonymous own other supervisor analyst administrator ended scopeless
GET    /api/v1/openapi.json                200    200  200     200       200        200       200    200
GET    /api/v1/tickets                     401    200  200     200       200        200       401    403
POST   /api/v1/tickets                     401    201  201     201       403        201       401    403
GET    /api/v1/tickets/<int:number>        401    200  404     200       200        200       401    403
PATCH  /api/v1/tickets/<int:number>        401    200  404     200       403        200       401    403
GET    /api/v1/tickets/<int:number>/messages   401  200  404   200       200        200       401    403
POST   /api/v1/tickets/<int:number>/messages   401  201  404   201       403        201       401    403
GET    /api/v1/attachments/<int:pk>        401    200  404     200       200        200       401    403
GET    /api/v1/search                      401    200  200     200       200        200       401    403
GET    /api/v1/events                      401    403  403     200       200        200       401    403
"""  # noqa: E501  a table is read by its columns

# What a request needs in order to be taken: a form for the screens, JSON for the API.
BODIES: dict[str, dict[str, Any]] = {
    "POST /tickets/new": {
        "email": "new@example.ru",
        "subject": "a",
        "text": "a",
        "inbox": "{inbox}",
    },
    "POST /tickets/<int:number>/changes": {"priority": "high"},
    "POST /tickets/<int:number>/messages": {"kind": "message", "text": "a"},
    "POST /tickets/<int:number>/draft": {"kind": "note", "text": "a"},
    "POST /settings/inboxes/new": {"address": "new@example.com", "brand": "{brand}"},
    "POST /settings/inboxes/<int:pk>": {"brand": "{brand}"},
    "POST /settings/me": {"name": "Somebody"},
    "POST /settings/blocks": {"value": "spam.example"},
    "POST /settings/mail/<int:pk>/<slug:kind>/<slug:language>": {"text": "{{body}}"},
    "POST /api/v1/tickets": {"subject": "a", "text": "a", "customer": {"email": "new@example.ru"}},
    "PATCH /api/v1/tickets/<int:number>": {"priority": "high"},
    "POST /api/v1/tickets/<int:number>/messages": {"text": "a"},
}
QUERIES = {"/search": "?q=a", "/api/v1/search": "?q=a"}

# Addresses where there is never anything, whoever asks and however.
NOWHERE = ("/api/", "/api/v1/")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class Line(NamedTuple):
    """One method of one address, and what each person gets."""

    method: str
    route: str
    expected: dict[str, int]

    @property
    def name(self) -> str:
        return f"{self.method} {self.route}"


def read_table(table: str) -> list[Line]:
    """The lines of a table; the first says who stands in which column."""
    head, *rows = [line.split() for line in table.strip().splitlines()]
    return [
        Line(method, route, dict(zip(head, map(int, statuses), strict=True)))
        for method, route, *statuses in rows
    ]


LINES = read_table(SCREENS) + read_table(API)
