"""A running demo: each look shows what has happened since the last, and does what the page and the editor ask for."""

from __future__ import annotations

from collections.abc import Iterator

from cli.asked import Answers
from cli.commands.lint import show
from cli.compiler import Compilation
from cli.edits import Edits
from cli.language import say
from cli.preview.gallery import Gallery, committed, findings
from cli.watch import Watch
from handler.model import Locale
from lab.cloud import LocalCloud


class Session:
    """The deployment under `watch`, the templates under `edits`, and the questions of the page."""

    def __init__(self, cloud: LocalCloud, watch: Watch, edits: Edits, answers: Answers) -> None:
        self._cloud = cloud
        self._watch = watch
        self._edits = edits
        self._gallery = Gallery(edits.folder, committed(edits.folder))
        self._answers = answers

    def look(self) -> None:
        """Look once. An event that was asked for after an edit is published after it is in use."""
        self._watch.look()
        questions = self._cloud.slack.questions()
        if compilation := self._edits.look():
            self._show(compilation)
        for asked in questions:
            self._cloud.slack.answer(asked["number"], self._answers.of(asked["question"]))

    def introduce(self, compilation: Compilation) -> None:
        """Tell the page what there is, and what templates call the people and groups whom messages mention."""
        self._exhibit(compilation)
        self._name_people(compilation)

    def _exhibit(self, compilation: Compilation) -> None:
        """Show the notifications on the page, which is told of findings as facts."""
        items = self._gallery.items(compilation)
        self._cloud.slack.exhibit({key: item for key, item in items.items() if item["kind"] != "finding"})

    def _name_people(self, compilation: Compilation) -> None:
        stages = [one for one in compilation.stages if one.name == self._cloud.parameters["Stage"]]
        names = {person: name for stage in stages for name, person in _called(stage.locale)}
        self._cloud.slack.replace("mention", [{"kind": "mention", "id": one, "name": names[one]} for one in names])

    def _show(self, compilation: Compilation) -> None:
        """Show an edit's findings in the terminal and on the page; none, if the function has it."""
        show(compilation, self._edits.folder)
        self._say_what_is_in_use(compilation)
        self._cloud.slack.replace("finding", list(findings(compilation).values()))
        self._exhibit(compilation)

    def _say_what_is_in_use(self, compilation: Compilation) -> None:
        if not compilation.errors:
            self._name_people(compilation)
        for file in sorted(self._edits.edited):
            if compilation.errors:
                late = say("{file}: not in use while there is an error; the last good version speaks", file=file)
                self._watch.say(late, "yellow")
            else:
                self._watch.say(say("{file}: in use", file=file), "green")
        for file in sorted(self._edits.deleted):
            if compilation.errors:
                still = say("{file}: deleted, but still in use while there is an error", file=file)
                self._watch.say(still, "yellow")
            else:
                self._watch.say(say("{file}: deleted, and no longer in use", file=file), "green")


def _called(locale: Locale) -> Iterator[tuple[str, str]]:
    """What templates call each id; the alias of one that has both comes last."""
    yield from locale.people.items()
    yield from locale.mentions.items()
