"""What an operation may answer: declared once, so that no answer is undeclared."""

from typing import Any

from pydantic import BaseModel

from zabota.api.problems import Problem

ALWAYS = (400, 401, 403, 422, 500, 503)
POSTED = (409, 413)


def answers(shape: type[BaseModel] | None, *problems: int, status: int = 200) -> dict[int, Any]:
    """The shape of success, what any operation can refuse with, and these problems."""
    return {status: shape, **dict.fromkeys(sorted({*ALWAYS, *problems}), Problem)}
