"""The schemas of `_stages/<stage>.yaml`, `_labels.yaml` and `_privacy.yaml`."""

from __future__ import annotations

from typing import Final

from cli.compiler.schema.parts import (
    ALIAS,
    LANGUAGES,
    TIME_ZONE,
    Schema,
    choice,
    described,
    each,
    keys,
    literal,
    matching,
    text,
)
from cli.compiler.stages import REQUIRED
from cli.privacy.rules import INVENTED, KINDS

_DESTINATION: Final = matching(
    "^([CG][A-Z0-9]{7,}|[a-z0-9-]+)$",
    "a channel's id (C...), or the name of a webhook's secret",
    "A channel's id, from the end of its details in Slack; or in webhook mode the name of a secret.",
    "C0123456789",
)
_MENTIONED: Final = matching(
    "^([UWS][A-Z0-9]{7,}|here|channel|everyone)$",
    "the id of a person or a group (U..., W..., S...), or here, channel, everyone",
    "Whom the alias wakes.",
    "S0123456789",
)
_PERSON: Final = matching(
    "^[UWS][A-Z0-9]{7,}$", "the id of a person or a group (U..., W..., S...)", "Whom the value means.", "U0123456789"
)

STAGE: Final[Schema] = keys(
    {
        "description": text("For people."),
        "channels": described(each(_DESTINATION, ALIAS), "Each alias, and the channel that it is."),
        "fallback": described(_DESTINATION, "Where an alias goes that is not listed."),
        "vars": described(
            each({"type": ["string", "integer", "boolean"]}, "^[A-Za-z][A-Za-z0-9_]*$"),
            "What templates read as {{ vars.name }}.",
            {"admin_url": "https://admin.example.org"},
        ),
        "mentions": described(each(_MENTIONED, ALIAS), "Whom {{ 'alias' | mention }} wakes."),
        "people": described(
            each(_PERSON),
            "Whom {{ order.owner_email | mention_person }} wakes, by the value.",
            {"ada@example.org": "U0123456789"},
        ),
        "redirect": matching("^[A-Za-z0-9_-]+$", "an alias or an id", "One channel for everything.", "C0123456789"),
        "prefix": literal('What each message begins with; "" switches it off.', "[staging]"),
        "time_zone": matching(*TIME_ZONE, "The time zone of dates.", "Asia/Tokyo"),
        "language": choice(LANGUAGES, "The language of dates and words."),
        "threads": choice(
            {
                "required": "A template with a `thread` posts to channels by their ids (the default).",
                "ignore": "Where a channel is a webhook, its messages are posted without threads, and none is edited.",
            },
            "What to do with threads if a channel is a webhook, which can neither reply nor edit.",
        ),
    },
    required=REQUIRED,
    title="A stage: what differs between environments",
)
LABELS: Final[Schema] = each(
    each(literal("What the code means.")),
    "^[A-Za-z][A-Za-z0-9_]*$",
    title="Labels: what codes mean, in groups",
)
PRIVACY: Final[Schema] = keys(
    {
        **{
            kind: described({"type": "array", "items": literal("A name, or a part of one with *.")}, words)
            for kind, words in KINDS.items()
        },
        INVENTED: described({"type": "array", "items": literal("A text.")}, "Texts in the samples that are nobody's."),
    },
    title="Privacy: what is personal, by the names of columns and keys",
)
