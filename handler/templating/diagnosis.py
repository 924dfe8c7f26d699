"""What is wrong with a template, as data: the kind of mistake, the names that it concerns, and its place.

The stages raise a DiagnosedError. Only handler/templating/messages.py makes text from its Diagnosis, so that no
program, such as `notifier lint`, has to parse text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from handler.errors import TemplateError
from handler.frozen import frozen

if TYPE_CHECKING:
    from handler.templating.kinds import Kind
    from handler.templating.suggestions import Suggestions

Path = tuple[str | int, ...]


@frozen
class Diagnosis:
    """One mistake. Its kind decides which fields are set; the message of each kind uses them by name.

    `name` is the name that is wrong, or empty if it must not be shown. `owner` is what the name belongs to: the name of
    a filter or a tag, or the type of a value. `other` is the type of a second value.
    `suggestions` are the names that the author may have meant; `accepted` are the arguments of a filter. `size` is the
    size that was found, and `limit` the largest that is allowed. `path` leads to a part of a message, such as
    `("blocks", 0, "text")`. `line` is the line in the text of the expression, from 1; 0 is unknown. No field holds a
    value of a row or a key of a document.
    """

    kind: Kind
    name: str = ""
    owner: str = ""
    other: str = ""
    suggestions: Suggestions | None = None
    accepted: tuple[str, ...] = ()
    size: float = 0
    limit: float = 0
    path: Path = ()
    line: int = 0


class DiagnosedError(TemplateError):
    """A TemplateError with its Diagnosis. `where` is the place in a file, such as `f.yaml:12 text`, or empty.

    Its error code is the code of the kind, unless `code` gives another. Its detail is `where: message; fix`.
    """

    def __init__(self, diagnosis: Diagnosis, where: str = "", code: str = "") -> None:
        # Imported here: most processes never make an error.
        from handler.templating import kinds, messages

        text = messages.text(diagnosis)
        super().__init__(code or kinds.CODE[diagnosis.kind], f"{where}: {text}" if where else text)
        self.diagnosis = diagnosis
        self.where = where

    def with_place(self, where: str, source: str) -> DiagnosedError:  # noqa: ARG002 - UnknownNameError needs it
        """Return the error with the place `where`, unless it has a place. `source` is the text of the expression."""
        return self if self.where else self._copy_at(where)

    def _copy_at(self, where: str) -> Self:
        return type(self)(self.diagnosis, where, self.code)


def type_of(value: Any) -> str:
    """Return the name of a value's type, for `owner` and `other`."""
    return type(value).__name__
