"""Text whose lines end where they may in Japanese too: Rich ends a line at a blank alone, and Japanese has none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from rich.cells import cell_len
from rich.console import Console
from rich.containers import Lines
from rich.text import Text

_OPENING: Final = "（「『【"
_CLOSING: Final = "、。，．）」』】！？：；…ーぁぃぅぇぉっゃゅょァィゥェォッャュョ々"
_LETTER: Final = rf"(?![{_OPENING}{_CLOSING}])[\u3000-\u30ff\u3400-\u9fff\uff01-\uffef]"
# What stays together: blanks; or a Japanese letter or a word of others, with the signs that belong to it.
_UNIT: Final = re.compile(
    rf"\s+|(?=\S)[{_OPENING}]*(?:{_LETTER}|(?:(?!{_LETTER})[^\s{_OPENING}{_CLOSING}])+)?[{_CLOSING}]*"
)


class Words(Text):
    """A Text that is wrapped so."""

    def wrap(self, console: Console, width: int, **options: Any) -> Lines:
        """Return the lines. What is longer than one by itself, such as an address, is left to Rich."""
        if options.get("no_wrap", self.no_wrap):
            return super().wrap(console, width, **options)
        lines = Lines()
        for line in self.split(allow_blank=True):
            for part in line.divide(ends(line.plain, width)):
                part.rstrip()
                lines.extend(part.wrap(console, width, **options))
        return lines


def ends(text: str, width: int) -> Iterator[int]:
    """Yield where the second line and each further one begins, of at most so many cells."""
    used = 0
    for unit in _UNIT.finditer(text):
        if used and used + cell_len(unit[0].rstrip()) > width:
            yield unit.start()
            used = 0
        used += cell_len(unit[0])
