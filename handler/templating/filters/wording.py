"""How each language writes dates and durations."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final, TypeVar

from handler.frozen import frozen
from handler.templating.diagnosis import Diagnosis
from handler.templating.suggestions import UnknownNameError

T = TypeVar("T")

# In seconds, the longest first. A month is 30 days and a year 365: durations are written in whole units anyway.
_UNITS: Final = {"year": 31_536_000, "month": 2_592_000, "day": 86_400, "hour": 3_600, "minute": 60}


@frozen
class Wording:
    """The words of one language. `dates` are the patterns by style, `spans` those for one unit and for several."""

    weekdays: Mapping[str, tuple[str, ...]]
    months: tuple[str, ...]
    dates: Mapping[str, str]
    date_from_time: str
    spans: Mapping[str, tuple[str, str]]
    past: str
    future: str
    now: str
    today: str

    def weekday(self, day: date, style: str) -> str:
        """The day's name, `long` or `short`. Raises TemplateError for another style."""
        return _styled(self.weekdays, style)[day.weekday()]

    def date(self, day: date, style: str) -> str:
        """The day in one of the styles of `dates`. Raises TemplateError for another style."""
        month = self.months[day.month - 1]
        return _styled(self.dates, style).format(
            day=day,
            iso=day.isoformat()[:10],
            month=month,
            short_month=month[:3],
            weekday=self.weekday(day, "long"),
            short_weekday=self.weekday(day, "short"),
        )

    def ago(self, seconds: float) -> str:
        """A duration before now; a negative one is in the future."""
        size = abs(seconds)
        for unit, length in _UNITS.items():
            if count := int(size // length):
                span = self.spans[unit][count > 1].format(count)
                return (self.past if seconds > 0 else self.future).format(span)
        return self.now

    def days_ago(self, days: int) -> str:
        """The same in days, for a date without a time of day."""
        return self.ago(days * _UNITS["day"]) if days else self.today


def _styled(styles: Mapping[str, T], style: str) -> T:
    if style not in styles:
        raise UnknownNameError(Diagnosis("style_unknown"), style, styles)
    return styles[style]


WORDINGS: Final = {
    "en": Wording(
        weekdays={
            "long": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
            "short": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
        },
        months=(
            "January", "February", "March", "April", "May", "June",
            "July", "August", "September", "October", "November", "December",
        ),
        dates={
            "short": "{short_weekday} {day.day} {short_month}",
            "medium": "{day.day} {short_month} {day.year:04}",
            "long": "{weekday}, {day.day} {month} {day.year:04}",
            "iso": "{iso}",
        },
        date_from_time=", ",
        spans={unit: (f"{{}} {unit}", f"{{}} {unit}s") for unit in _UNITS},
        past="{} ago",
        future="in {}",
        now="just now",
        today="today",
    ),
    "ja": Wording(
        weekdays={
            "long": ("月曜日", "火曜日", "水曜日", "木曜日", "金曜日", "土曜日", "日曜日"),
            "short": ("月", "火", "水", "木", "金", "土", "日"),
        },
        months=tuple(f"{month}月" for month in range(1, 13)),
        dates={
            "short": "{month}{day.day}日({short_weekday})",
            "medium": "{day.year:04}年{month}{day.day}日",
            "long": "{day.year:04}年{month}{day.day}日({short_weekday})",
            "iso": "{iso}",
        },
        date_from_time=" ",
        spans={
            unit: (f"{{}}{word}", f"{{}}{word}")
            for unit, word in {"year": "年", "month": "か月", "day": "日", "hour": "時間", "minute": "分"}.items()
        },
        past="{}前",
        future="{}後",
        now="たった今",
        today="今日",
    ),
}  # fmt: skip
