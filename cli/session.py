"""Runs the demo: each look shows what has happened since the last one, and answers questions of the page."""

from __future__ import annotations

from cli.commands.lint import show
from cli.compiler import Compilation, compile_templates
from cli.demo_slack import DemoSlack
from cli.edits import Edits
from cli.language import say
from cli.page_requests import Answers
from cli.preview import poll_trial
from cli.preview.gallery import Gallery, committed, findings
from cli.preview.revision import Head
from cli.watch import Watch
from lab.cloud import LocalCloud


class Session:
    """The deployment under `watch`, the templates under `edits`, and the questions of the page."""

    def __init__(self, cloud: LocalCloud, slack: DemoSlack, watch: Watch, edits: Edits, answers: Answers) -> None:
        self._cloud = cloud
        self._slack = slack
        self._watch = watch
        self._edits = edits
        self._gallery = Gallery(edits.folder, committed(edits.folder))
        self._head = Head(edits.folder)
        self._answers = answers

    def look(self) -> None:
        """Look once. An event that the page asks for after an edit is published after the edit is in use."""
        self._watch.look()
        questions = self._cloud.slack.questions()
        is_committed = self._head.has_moved()
        if is_committed:
            self._gallery.compare_with(committed(self._edits.folder))
        if compilation := self._edits.look():
            self._show(compilation)
        elif is_committed:
            self.exhibit(compile_templates(self._edits.folder))
        for asked in questions:
            self._cloud.slack.answer(asked["number"], self._answers.of(asked["question"]))

    def exhibit(self, compilation: Compilation) -> None:
        """Show the notifications on the page. Findings go there separately, as facts."""
        items = self._gallery.items(compilation)
        login = self._cloud.tables.login
        change = {"kind": "change", "command": poll_trial.command(login) if login else ""}
        shown = {key: item for key, item in items.items() if item["kind"] != "finding"}
        self._cloud.slack.exhibit({"change": change, **shown})

    def _show(self, compilation: Compilation) -> None:
        """Show an edit's findings in the terminal and on the page; there are none if the function uses the edit."""
        show(compilation, self._edits.folder)
        self._say_what_is_in_use(compilation)
        self._cloud.slack.replace("finding", list(findings(compilation).values()))
        self.exhibit(compilation)

    def _say_what_is_in_use(self, compilation: Compilation) -> None:
        if not compilation.errors:
            self._slack.follow(compilation)
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
