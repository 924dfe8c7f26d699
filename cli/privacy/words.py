"""Fictitious names, addresses and texts, in the script of the original and about as long."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import count
from typing import Final

# A mask has one of these lengths, so that it does not reveal the exact length. The longest fills a block.
_LENGTHS: Final = (
    1, 2, 3, 4, 6, 8, 10, 15, 20, 30, 40, 60, 80, 100, 150, 200, 300, 400, 600, 800, 1000, 1500, 2000, 3000, 4000,
)  # fmt: skip
_LONG_NAME: Final = 30


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words for masks in one script; `blank` goes between two words."""

    text: tuple[str, ...]
    address: tuple[str, ...] = ()
    family: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    blank: str = " "


_LATIN: Final = Vocabulary(
    text=("Lorem", "ipsum", "dolor", "sit", "amet", "consectetur", "adipiscing", "elit", "eiusmod", "tempor"),
    address=("Sampletown", "Example", "Street", "12"),
    family=("Sampleton", "Exampleby", "Specimann", "Templatov", "Dummison", "Fictionez"),
    given=("Alex", "Robin", "Kim", "Noa", "Sam", "Toni", "Mika", "Jo"),
)
_JAPANESE: Final = Vocabulary(
    text=(
        "この文章は", "ダミーです。", "文字の大きさ、", "量、", "字間、", "行間等を", "確認するために",
        "入れています。",
    ),
    address=("見本県", "例示市", "仮町", "1-2-3", "見本ビル"),
    family=("見本", "例山", "仮野", "試田", "雛形", "架空"),
    given=("太郎", "花子", "一郎", "さくら", "次郎", "うめ"),
    blank="",
)  # fmt: skip
_KANA: Final = Vocabulary(
    text=_JAPANESE.text,
    address=_JAPANESE.address,
    family=("ミホン", "レイヤマ", "カリノ", "タメシダ", "ヒナガタ", "カクウ"),
    given=("タロウ", "ハナコ", "イチロウ", "サクラ", "ジロウ", "ウメ"),
    blank="",
)
_KOREAN: Final = Vocabulary(("이", "문장은", "견본으로", "쓰는", "글입니다"))
_CYRILLIC: Final = Vocabulary(("это", "условный", "пример", "вместо", "настоящего", "текста"))
_GREEK: Final = Vocabulary(("αυτό", "είναι", "δείγμα", "κειμένου", "δοκιμής"))
_ARABIC: Final = Vocabulary(("هذا", "نص", "تجريبي", "بدلا", "من", "الحقيقي"))
_HEBREW: Final = Vocabulary(("זהו", "טקסט", "לדוגמה", "במקום", "אמיתי"))
_THAI: Final = Vocabulary(("นี่คือ", "ข้อความ", "ตัวอย่าง"), blank="")
# The start of a letter's Unicode name -> its script. The first entry that matches any letter of a text decides.
_SCRIPTS: Final = {
    "CJK": _JAPANESE,
    "HIRAGANA": _JAPANESE,
    "KATAKANA": _KANA,
    "HALFWIDTH KATAKANA": _KANA,
    "HANGUL": _KOREAN,
    "CYRILLIC": _CYRILLIC,
    "GREEK": _GREEK,
    "ARABIC": _ARABIC,
    "HEBREW": _HEBREW,
    "THAI": _THAI,
    "": _LATIN,
}
_VOCABULARIES: Final = tuple(dict.fromkeys(_SCRIPTS.values()))


def text(original: str, n: int, kind: str = "text") -> str:
    """Return other words in the same number of lines. `kind` is one of rules.KINDS; addresses have their own words."""
    return "\n".join(_line(line, n, kind) for line in original.split("\n"))[: _LENGTHS[-1]].rstrip(" ")


def name(original: str, n: int) -> str:
    """Return another name: family and given name if the original has a space, else one word."""
    words = _script(original)
    if not words.family:
        return text(original, n)
    family = words.family[n % len(words.family)]
    given = words.given[(n // len(words.family) + n) % len(words.given)]
    blank = next((sign for sign in original.strip() if sign.isspace()), "")
    if not blank:
        return family
    parts = [family, given] if words is not _LATIN else [given, family]
    for more in count(n + 1):
        if len("-".join(parts)) >= _LONG_NAME or len(original) < _LONG_NAME:
            break
        parts[-1] += f"-{words.family[more % len(words.family)]}"
    return blank.join(parts) if blank in " \u3000" else " ".join(parts)


def is_made(original: str) -> bool:
    """Return whether a text may be a mask of this module: each line has only words of one script's vocabulary."""
    lines = [line for line in original.casefold().split("\n") if line.strip()]
    return bool(lines) and all(any(_is_of(line, one) for one in _VOCABULARIES) for line in lines)


def length_class(length: int) -> int:
    """Return the length of a mask for a text of this length."""
    return min(_LENGTHS, key=lambda one: abs(one - length))


def _line(line: str, n: int, kind: str) -> str:
    if not line.strip():
        return ""
    vocabulary = _script(line)
    words = vocabulary.address if kind == "address" and vocabulary.address else vocabulary.text
    length, made = length_class(len(line)), ""
    for at in count(n - 1):
        if len(made) >= length:
            break
        made += (vocabulary.blank if made else "") + words[at % len(words)]
    made = made[:length].rstrip()
    return made.upper() if line.isupper() else made


def _script(original: str) -> Vocabulary:
    letters = [unicodedata.name(sign, "") for sign in original if sign.isalpha()]
    return next(
        words for start, words in _SCRIPTS.items() if not start or any(one.startswith(start) for one in letters)
    )


def _is_of(line: str, words: Vocabulary) -> bool:
    known = [one.casefold() for one in (*words.text, *words.address, *words.family, *words.given)]
    return _consists(re.sub(r"[\s-]+", "", line), [re.sub("-", "", one) for one in known])


def _consists(line: str, known: list[str]) -> bool:
    """Return whether a line consists of known words only. The last one may be cut."""
    ends = {0}
    for at in range(len(line)):
        if at in ends:
            rest = line[at:]
            if any(word.startswith(rest) for word in known):
                return True
            ends |= {at + len(word) for word in known if rest.startswith(word)}
    return len(line) in ends
