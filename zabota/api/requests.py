"""What may be asked and sent; whatever is not listed here is refused."""

import re
from typing import Annotated, Any, Literal, Self

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    model_validator,
)

from zabota.api.problems import wrong_parameter
from zabota.tickets.actions import LONGEST_TAG, MOST_TAGS
from zabota.tickets.search import LONGEST_QUERY
from zabota.tickets.writing import LONGEST_TEXT

# The slugs of `tickets.choices`; a test holds them to it.
StatusName = Literal["new", "open", "pending", "on_hold", "solved", "closed"]
NewStatus = Literal["open", "pending", "on_hold", "solved", "closed"]
OutcomeName = Literal["solved", "partly", "could_not_help", "out_of_scope", "duplicate"]
PriorityName = Literal["low", "normal", "high", "urgent"]

# PostgreSQL stores neither NUL nor half of a surrogate pair.
NOT_TEXT = re.compile("[\x00\ud800-\udfff]")


def _storable(text: str) -> str:
    if NOT_TEXT.search(text):
        raise ValueError("has characters that stand for nothing")
    return text


def _email(text: str) -> str:
    try:
        validate_email(text)
    except ValidationError as error:
        raise ValueError("not an e-mail address") from error
    return text.lower()


def _absent() -> Any:
    """A field that may be left out, but not be null."""
    return Field(default=None)


STORABLE = AfterValidator(_storable)
Text = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT), STORABLE]
Subject = Annotated[str, Field(min_length=1, max_length=500), STORABLE]
Name = Annotated[str, Field(max_length=160), STORABLE]
Slug = Annotated[str, Field(pattern="^[-a-zA-Z0-9_]{1,50}$")]
Tag = Annotated[str, Field(min_length=1, max_length=LONGEST_TAG), STORABLE]
Tags = Annotated[list[Tag], Field(max_length=MOST_TAGS)]
Email = Annotated[
    str, Field(max_length=254, json_schema_extra={"format": "email"}), AfterValidator(_email)
]
Cursor = Annotated[str, Field(max_length=200, pattern="^[-_A-Za-z0-9]+$")]


class Asked(BaseModel):
    """A query string: like a body, it has nothing in it that is not known."""

    @model_validator(mode="after")
    def only_known(self, info: ValidationInfo) -> Self:
        known, sent = type(self).model_fields, info.context["request"].GET if info.context else ()
        if unknown := [name for name in sent if name not in known]:
            raise wrong_parameter(
                unknown[0], f"There is no such parameter, only {', '.join(known)}"
            )
        return self


class Paging(Asked):
    """Which page: the `next` of the one before, and how many at most."""

    cursor: Cursor | None = None
    limit: int = Field(50, ge=1, le=100)


class TicketQuery(Paging):
    """With `view`, in its order: newest words first; else the newest tickets first."""

    view: Literal["mine", "unassigned", "open", "solved"] | None = None
    status: StatusName | None = None


class EventQuery(Asked):
    """After which cursor, and how many at most."""

    after: Cursor | None = None
    limit: int = Field(50, ge=1, le=100)


class SearchQuery(Asked):
    """Words in any form, `"in quotes"`, `or`, `-not`; a bare number finds its ticket."""

    q: Annotated[str, STORABLE] = Field(min_length=1, max_length=LONGEST_QUERY)
    limit: int = Field(50, ge=1, le=100)


class In(BaseModel):
    """A body: what is not known is refused, so that a slip of the pen does not pass for done."""

    model_config = ConfigDict(extra="forbid")


class CustomerIn(In):
    """The customer, made if nobody has this address yet; a name they have stays."""

    email: Email
    name: Name = ""


class NewTicket(In):
    """`direction`: `in` notes down what the customer said, `out` sends a letter to them.

    Without `inbox` it is the oldest one. Without `assignee` the token's agent has it; null: nobody.
    """

    subject: Subject
    text: Text
    customer: CustomerIn
    inbox: Email | None = None
    direction: Literal["in", "out"] = "in"
    priority: PriorityName = _absent()
    category: Slug | None = None
    tags: Tags = _absent()
    assignee: Email | None = _absent()


class TicketChanges(In):
    """What is left out stays; null takes away. `outcome` goes with `solved` or `closed`."""

    subject: Subject = _absent()
    status: NewStatus = _absent()
    outcome: OutcomeName = _absent()
    priority: PriorityName = _absent()
    category: Slug | None = _absent()
    tags: Tags = _absent()
    assignee: Email | None = _absent()
    team: Slug | None = _absent()


class NewMessage(In):
    """`message` goes to the customer (ten seconds later) and leaves the ticket pending unless
    `status` says otherwise; `note` stays here and changes no status unless told to."""

    text: Text
    kind: Literal["message", "note"] = "message"
    status: NewStatus = _absent()
