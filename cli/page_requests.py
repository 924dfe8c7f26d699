"""The questions that the page of a running demo sends to its server, and the answers.

    {"publish": {"type", "id", "data"}}   publishes an event: {"event": its identity}
    {"replay": [message]}         sends parked events again, by their names in the dead-letter queue: {"sent", "left",
                                  "problem"}; the first two are lists of events
    {"story": event}              what is known about an event (cli.operations.event_json): {"events", "notes"}
    {"notification", "id", "data"}        what a real row makes (cli.preview.rows)

`data` is JSON as somebody typed it, and may be left out.
`lang` in a question is the language of the answer.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click

from cli import diagnoses, language
from cli.commands.emit import as_event, id_rules, publish
from cli.language import say
from cli.operations import dlq, event_history, event_json, resend
from cli.operations.aws_errors import asking
from cli.operations.dead_letters import DeadLetter
from cli.operations.stack import Stack
from cli.preview import deployed, events, rows
from handler.errors import NotifierError

PER_SECOND: Final = 10.0
BACK_SECONDS: Final = 7 * 86_400.0


class Answers:
    """Answers questions about a stack; its templates are in `folder`."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        self._stack = stack
        self._folder = folder

    def of(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """Return {"answer": ...}, or {"error": the reason}."""
        wanted = question.get("lang")
        try:
            with language.speaking(wanted if wanted in language.LANGUAGES else language.language()):
                return {"answer": self._answer(question)}
        except ValueError as error:
            return {"error": str(error)}
        except click.ClickException as error:
            return {"error": error.message}
        except NotifierError as error:
            return {"error": diagnoses.told(error)}

    def _answer(self, question: Mapping[str, Any]) -> Any:
        match question:
            case {"publish": {"type": str(event_type), "id": str(event_id), **more}}:
                data = events.typed_extras(str(more.get("data", "")))
                event = as_event(event_type, event_id, id_rules(self._folder)) | ({"data": data} if data else {})
                with asking(say("publish the event"), "sns:Publish"):
                    return {"event": publish(self._stack.client("sns"), self._stack.topic, event)}
            case {"replay": [*names]}:
                return self._replay(names)
            case {"story": str(event)}:
                return self._story(event)
            case {"notification": str(), "id": str()}:
                with deployed.of_stack(self._stack) as connections:
                    return rows.made(self._folder, connections, question)
        raise ValueError(say("There is no such question."))

    def _replay(self, names: Sequence[Any]) -> dict[str, Any]:
        with dlq.opened(self._stack, event_history.LETTERS, 1 / PER_SECOND, lambda _: None) as box:
            chosen = [letter for letter in box.held.values() if letter.message_id in names]
            done = resend.chosen(box, [one for one in chosen if one.bodies], PER_SECOND, lambda _: None)
        if done.interrupted:
            raise KeyboardInterrupt
        left = [letter for letter in chosen if letter not in done.sent]
        return {"sent": _named(done.sent), "left": _named(left), "problem": done.problem}

    def _story(self, event: str) -> dict[str, Any]:
        asked = event_history.of(self._stack, time.time() - BACK_SECONDS, lambda _: None)
        found = asked.of_name(event)
        return {"events": [event_json.document(one, {}) for one in found], "notes": asked.notes}


def _named(letters: Sequence[DeadLetter]) -> list[dict[str, str]]:
    return [
        {"message": one.message_id, "event": one.event_id, "type": one.type or one.message_id, "id": one.id}
        for one in letters
    ]
