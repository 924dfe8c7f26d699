"""What is wrong with a template, as data: the kind of mistake, the names that it concerns, and where it stands.

The stages raise a DiagnosedError. Its words are made from its Diagnosis by handler/templating/messages.py, in one
place; no other program part, such as `notifier lint`, has to read them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from handler.errors import TemplateError
from handler.frozen import frozen

if TYPE_CHECKING:
    from handler.templating.kinds import Kind
    from handler.templating.nearest import Names

Path = tuple[str | int, ...]


@frozen
class Diagnosis:
    """One mistake. Which fields are set depends on its kind; the words of each kind use them by name.

    `name` is the name that it is about, empty where that must not be shown. `owner` is what the name belongs to or is
    asked of: the name of a filter or a tag, or the type of a value; `other` is the type of a second value. `near` are
    the names that may have been meant, `takes` the arguments that a filter has. `size` is what was found and `limit`
    the most that is allowed. `path` leads to a part of a message, as `("blocks", 0, "text")`. `line` counts from 1 in
    the text of the expression; 0 is unknown. Neither holds a value of a row or a key of a document.
    """

    kind: Kind
    name: str = ""
    owner: str = ""
    other: str = ""
    near: Names | None = None
    takes: tuple[str, ...] = ()
    size: float = 0
    limit: float = 0
    path: Path = ()
    line: int = 0


class DiagnosedError(TemplateError):
    """A TemplateError that says as data what is wrong. `where` is the place in a file, as `f.yaml:12 text`, or empty.

    Its code is that of the kind, unless `code` names another. Its detail is `where: message; fix`.
    """

    def __init__(self, diagnosis: Diagnosis, where: str = "", code: str = "") -> None:
        # Imported here: most processes never make an error.
        from handler.templating import kinds, messages

        text = messages.text(diagnosis)
        super().__init__(code or kinds.CODE[diagnosis.kind], f"{where}: {text}" if where else text)
        self.diagnosis = diagnosis
        self.where = where

    def placed(self, where: str, source: str) -> DiagnosedError:  # noqa: ARG002 - for names that may stand in it
        """Return the error with its place; one that has a place keeps it. `source` is the text of the expression."""
        return self if self.where else self._at(where)

    def _at(self, where: str) -> Self:
        return type(self)(self.diagnosis, where, self.code)


def type_of(value: Any) -> str:
    """Return the type of a value, as `owner` and `other` name it."""
    return type(value).__name__
