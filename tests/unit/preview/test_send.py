"""`notifier send` posts what the preview has, with a footer, and wakes nobody. A stand-in for Slack takes it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from cli import running
from cli.compiler import compile_templates
from cli.main import main
from cli.preview import slack_remedies
from cli.preview.compose import Previews
from cli.preview.connections import Connections
from cli.preview.destination import read, refuse_real
from cli.preview.silence import Silencer
from cli.preview.trial import previews, trial
from handler.adapters.slack.error_table import SLACK_ERRORS
from handler.discovery.paths import PATHS
from handler.errors import CODES, SlackError
from handler.model import Message
from handler.settings import Settings, parse
from lab.slack import Control, running_slack
from lab.slack.config import TOKEN
from lab.tls import Authority
from tests.kit import FakeApi, FakeDatabase

COMPILATION = compile_templates(Path("templates"))
STAGES = {stage.name: stage for stage in COMPILATION.stages}
SAMPLES = [(one.notification, sample) for one in COMPILATION.templates for sample in one.samples]
YOU = "U0LABYOU"
NAMES = {"S0LABONCALL": "oncall", "U1": "somebody-with-a-long-name", "U3": "anna"}


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The parameter Slack of a function that posts to the stand-in."""
    authority = Authority.create(tmp_path_factory.mktemp("authority"))
    with running_slack(host="localhost", certificate=authority.issue("slack", "localhost")) as url:
        yield f"bot;api={url}/api/;ca={authority.ca}"


@pytest.fixture
def slack(setting: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Control]:
    """The stand-in: as Slack itself, and as the Slack of the demo that runs here."""
    address = parse.slack(setting)
    standin = Control(address.api_url.removesuffix("/api/"), Path(address.ca))
    standin.reset()
    standin.configure(rate={"per_second": 0, "burst": 1})
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.delenv("SLACK_BOT_TOKEN", raising=False)
    variables = {
        "NOTIFIER_STAGE": "demo",
        "NOTIFIER_DATABASES": "",
        "NOTIFIER_SLACK": setting,
        "NOTIFIER_STATE_TABLE": "state",
        "NOTIFIER_DEAD_LETTER_QUEUE_URL": "https://sqs.eu-west-1.amazonaws.com/1/dead",
    }
    monkeypatch.setattr(
        "cli.preview.connections.deployed_settings", lambda _: Settings.from_environment(variables, PATHS)
    )
    monkeypatch.setattr("handler.addresses.SlackAddress", lambda: address)
    monkeypatch.setattr("handler.adapters.state.secret_store.SecretStore.get", lambda *_, **__: TOKEN)
    with running.announced("arn:topic", {}):
        yield standin
    standin.close()


def send(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(main, ["send", *arguments], env=environment)


@pytest.mark.parametrize("stage", STAGES.values(), ids=lambda stage: stage.name)
@pytest.mark.parametrize(("notification", "sample"), SAMPLES, ids=str)
def test_a_test_is_the_preview_but_for_its_footer_and_its_destination(stage, notification, sample) -> None:
    usual = Previews(stage).of_sample(notification, sample)
    made = previews(stage, notification, sample.name, YOU).of_sample(notification, sample)
    assert (made.rule, made.error) == (usual.rule, usual.error)
    if not usual.messages:
        return
    test = trial(made, stage, notification, wake=True)
    message, real = test.message, usual.messages[0]
    assert (message.destination, message.thread, message.update) == (YOU, "", False)
    assert [channel for _, channel in test.channels] == [one.destination for one in usual.messages]
    content = [block for block in real.blocks if "Meant for" not in json.dumps(block)]
    assert [*message.blocks[: len(content)]] == content
    assert message.text.startswith(real.text.split("\n_Meant for")[0])
    added = json.dumps(message.blocks[len(content) :] if content else message.text, ensure_ascii=False)
    assert f": {notification.name}, {sample.name}_" in added or f"、{sample.name}_" in added
    assert f"Meant for {real.channel}" in added


def test_the_footer_is_in_the_language_of_the_stage() -> None:
    notification, sample = SAMPLES[0]
    stage = replace(STAGES["demo"], locale=replace(STAGES["demo"].locale, language="ja"))
    made = previews(stage, notification, "x", YOU).of_sample(notification, sample)
    assert "によるテスト: " in made.messages[0].text


def test_a_name_of_the_stage_for_everybody_is_shown_as_slack_shows_it() -> None:
    notification, sample = SAMPLES[0]
    stage = replace(STAGES["demo"], locale=replace(STAGES["demo"].locale, mentions={"boss": "here"}))
    made = previews(stage, notification, "x", YOU).of_sample(notification, sample)
    loud = replace(made, messages=(replace(made.messages[0], text="<!here>"),))
    assert trial(loud, stage, notification, wake=False).message.text == "@here"


MENTIONS = [
    ("<!here>", "@here"),
    ("<!channel|channel>", "@channel"),
    ("<!everyone> and <!here>", "@everyone and @here"),
    ("<!group> <!group|group>", "@group @group"),
    ("<!subteam^S0LABONCALL>", "@oncall"),
    ("<!subteam^S0LABONCALL|@x>", "@oncall"),
    ("<@U1>", "@U1"),  # no longer than before
    ("<@U3>", "@anna"),
    ("<@U2|zoe>", "@U2"),
    (
        "&lt;!here&gt; <https://x.y|z> <#C1> <!date^1^{date}|d>",
        "&lt;!here&gt; <https://x.y|z> <#C1> <!date^1^{date}|d>",
    ),
]


@pytest.mark.parametrize(("text", "silent"), MENTIONS)
def test_a_mention_in_a_text_becomes_text(text: str, silent: str) -> None:
    blocks = [
        {"type": "section", "text": {"type": "mrkdwn", "text": text}, "fields": ({"type": "mrkdwn", "text": text},)},
        {"type": "markdown", "text": text},
        {"type": "header", "text": {"type": "plain_text", "text": text}},
    ]
    made = Silencer(NAMES)(Message("n", "a", "C1", text, blocks))
    assert made.text == silent
    assert made.blocks[0]["text"]["text"] == made.blocks[0]["fields"][0]["text"] == made.blocks[1]["text"] == silent
    assert made.blocks[2] == blocks[2]


@pytest.mark.parametrize(
    ("element", "silent"),
    [
        ({"type": "user", "user_id": "U1"}, "@somebody-with-a-long-name"),
        ({"type": "usergroup", "usergroup_id": "S0LABONCALL"}, "@oncall"),
        ({"type": "broadcast", "range": "here", "style": {"bold": True, "highlight": True}}, "@here"),
    ],
)
def test_a_mention_in_rich_text_becomes_text(element: dict[str, Any], silent: str) -> None:
    block = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [element]}]}
    [made] = Silencer(NAMES)(Message("n", "a", "C1", "x", [block])).blocks
    [shown] = made["elements"][0]["elements"]
    assert (shown["type"], shown["text"]) == ("text", silent)
    assert set(shown.get("style", {})) <= {"bold"}


@pytest.mark.parametrize(("name", "sample"), [("stock.low", "sold out in Osaka"), ("ticket.opened", "至急、注文なし")])
@pytest.mark.parametrize("wake", [False, True])
def test_a_message_arrives_in_the_demo_and_wakes_nobody_unless_asked(
    slack: Control, name: str, sample: str, wake: bool
) -> None:
    answer = send(name, "--to", YOU, "--sample", sample, "--stage", "demo", *["--wake"] * wake)
    assert answer.exit_code == 0, answer.output
    [message] = slack.messages()
    assert message["channel"] == "D0LABYOU"
    assert "Test by" in message["text"]
    content = json.dumps([message["text"], message["blocks"]])
    assert any(mention in content for mention in ("<!", "<@", '"broadcast"', '"usergroup"')) is wake
    assert ("--wake keeps them" in answer.output) is not wake
    assert message["ts"] in answer.output
    assert "Meant for" in answer.output


def test_a_channel_of_the_stack_is_not_hit_by_accident(slack: Control) -> None:
    arguments = ("order.created", "--to", "C0LABORDERS", "--stack", "ours", "--sample", sample_of("order.created"))
    refusal = send(*arguments)
    assert (refusal.exit_code, "is a real channel of demo" in refusal.output) == (2, True)
    assert slack.messages() == []
    assert send(*arguments, "--yes").exit_code == 0


@pytest.mark.parametrize("to", ["#orders", "C0LABORDERS"])
def test_any_channel_of_the_demo_may_be_sent_to(slack: Control, to: str) -> None:
    answer = send("order.created", "--to", to, "--sample", sample_of("order.created"))
    assert answer.exit_code == 0, answer.output
    assert [message["channel"] for message in slack.messages()] == ["C0LABORDERS"]


def sample_of(name: str) -> str:
    return next(sample.name for notification, sample in SAMPLES if notification.name == name)


def test_a_row_whose_event_needs_data_is_sent_with_them(
    slack: Control, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "own"
    (folder / "_stages").mkdir(parents=True)
    (folder / "_stages/demo.yaml").write_text("channels: {orders: C0LABORDERS}\nfallback: C0LABORDERS\n")
    (folder / "fee.waived.yaml").write_text(
        "id: integer\nchannel: orders\ntext: '{{ data.by }} waived {{ id }}'\nsamples: {a: {id: 1, data: {by: Ines}}}\n"
    )
    database = FakeDatabase(lambda *_: [])
    connected = Connections(database, FakeApi(lambda _: None), "db")
    monkeypatch.setattr("cli.preview.connections.connect", lambda *_: nullcontext(connected))
    words = ["fee.waived", "--templates", str(folder), "--to", YOU, "--id", "7"]
    refusal = send(*words)
    assert (refusal.exit_code, """--data '{"by": "Ines"}'""" in refusal.output) == (1, True), refusal.output
    assert send(*words, "--data", '{"by": "Bo"}').exit_code == 0
    assert ["Bo waived 7" in one["text"] for one in slack.messages()] == [True]


def test_json_says_what_was_sent(slack: Control) -> None:
    answer = send("order.payment_failed", "--to", YOU, "--sample", sample_of("order.payment_failed"), "--json")
    document = json.loads(answer.stdout)
    [message] = slack.messages()
    assert (document["channel"], document["ts"]) == (message["channel"], message["ts"])
    assert document["notification"] == "order.payment_failed"
    assert document["meant_for"][0]["channel"] == "C0LABPAYMENTS"  # of the stage `demo`, as it is the demo's Slack
    staged = send("order.payment_failed", "--to", YOU, "--json", "--stage", "production")
    assert json.loads(staged.stdout)["meant_for"][0]["channel"] == "C0123PAYMENT"


@pytest.mark.parametrize(
    ("channel", "says"),
    [
        ("C0LABNOTJOINED", "invite the app"),
        ("C0NOSUCH", "channels #orders (C0LABORDERS), #payments"),
        ("U0NOSUCH", "the people U0LABBUYER, U0LABYOU"),
        ("#ordres", "nearest: #orders"),
        ("#warehouse", "write --to C0LABOPS"),  # an alias of the stage
        ("C0LABARCHIVED", "name another channel"),
        ("C0LABADMINSONLY", "restricted_action"),
    ],
)
def test_what_slack_refuses_is_told_with_what_to_do(slack: Control, channel: str, says: str) -> None:
    answer = send("order.created", "--to", channel, "--sample", sample_of("order.created"))
    assert answer.exit_code == 1, answer.output
    assert says in answer.output
    assert TOKEN not in answer.output
    assert slack.messages() == []


# How Slack misbehaves, with what, and what is said of it. Nothing here tries again, unlike the function.
FAULTS: list[tuple[str, dict[str, Any], str]] = [
    ("limited", {"retry_after": "30"}, "send it again"),
    ("limited", {"retry_after": None}, "send it again"),
    ("status", {"status": 400}, "send it again"),
    ("status", {"status": 500, "body": "\x1b[31m<b>"}, "look there before"),
    ("close", {}, "look there before"),
    ("html", {}, "look there before"),
    ("truncate", {}, "look there before"),
    ("redirect", {"status": 307, "location": "https://evil.example/"}, "proxy"),
    ("error", {"error": "<b>\x1b[31m"}, "look there before"),
]


@pytest.mark.parametrize(("kind", "options", "says"), FAULTS)
def test_what_slack_does_wrong_is_told_with_what_to_do(
    slack: Control, kind: str, options: dict[str, Any], says: str
) -> None:
    slack.order(kind, times=9, **options)
    answer = send("order.created", "--to", YOU, "--sample", sample_of("order.created"), SLACK_BOT_TOKEN=TOKEN)
    assert answer.exit_code == 1, answer.output
    assert says in answer.output
    assert "retried" not in answer.output
    assert TOKEN not in answer.output
    assert "\x1b" not in answer.output


REASONS = [(entry.code, word) for word, entry in SLACK_ERRORS.items()]
REASONS += [(code, "") for code in CODES if code.startswith(("SLACK_", "CONFIG_"))]
REASONS += [("SLACK_CONFIG", "a_word_of_tomorrow"), ("SLACK_UNAVAILABLE", "HTTP 503")]
# What only the function does, or those who deploy it.
OF_THE_FUNCTION = ("it is retried", "templates/_stages", "posts a new message", "NAT", "replay")


@pytest.mark.parametrize("by_hand", [True, False])
@pytest.mark.parametrize(("code", "word"), REASONS)
def test_each_word_of_slack_has_a_next_step_for_a_test(code: str, word: str, by_hand: bool) -> None:
    if code in ("SLACK_HELD", "SLACK_UNREADABLE", "CONFIG_INVALID", "CONFIG_UNAVAILABLE"):
        return  # these are never the answer to a single post
    remedy = slack_remedies.remedy(SlackError(code, word), by_hand=by_hand)
    assert remedy
    assert not [words for words in OF_THE_FUNCTION if words in remedy]
    if by_hand and word in ("invalid_auth", "token_revoked", "not_authed"):
        assert "SLACK_BOT_TOKEN" in remedy


def test_a_channel_of_a_slack_that_tells_nothing_is_an_alias_or_unknown() -> None:
    stage = STAGES["production"]
    assert "--to C0123ORDERS" in slack_remedies.channel("#orders", stage, {})
    assert slack_remedies.channel("#nosuch", stage, {}) == ""


@pytest.mark.parametrize(
    ("token", "says"),
    [
        ("xoxb-unknown", "SLACK_BOT_TOKEN"),
        ("xoxb-lab-token_revoked", "SLACK_BOT_TOKEN"),
        ("secret-of-another-form", "SLACK_BOT_TOKEN"),
        ("xoxb-lab-no-scopes", "chat:write"),
    ],
)
def test_a_bad_token_is_told_and_never_shown(slack: Control, token: str, says: str) -> None:
    answer = send("order.created", "--to", YOU, "--sample", sample_of("order.created"), SLACK_BOT_TOKEN=token)
    assert answer.exit_code == 1, answer.output
    assert says in answer.output
    assert token not in answer.output


MISUSE = [
    (["order.created", "--to", "me"], "neither a channel nor a person"),
    (["order.created", "--to", "xoxb-token"], "neither a channel nor a person"),
    (["order.creatd", "--to", YOU], "order.created"),
    (["order.created", "--to", YOU, "--sample", "nosuch"], "There is no sample nosuch"),
    (["order.created", "--to", YOU, "--sample", "a", "--id", "1"], "not both"),
    (["order.created", "--to", YOU, "--stage", "all"], "one stage"),
    (["order.created", "--to", YOU, "--data", "{}"], "Name the row with --id"),
    (["order.created", "--to", YOU, "--id", "1", "--data", "["], "--data takes a JSON object"),
    (["order.created"], "--to"),
]


@pytest.mark.parametrize(("arguments", "says"), MISUSE)
def test_misuse_is_explained(slack: Control, arguments: list[str], says: str) -> None:
    answer = send(*arguments)
    assert answer.exit_code == 2, answer.output
    assert says in " ".join(answer.output.split())
    assert slack.messages() == []


@pytest.mark.parametrize("to", ["C0123ORDERS", STAGES["production"].fallback, "#ops"])
def test_a_real_channel_is_not_hit_by_accident(slack: Control, to: str) -> None:
    slack.configure(channels=[{"id": to.replace("#", "C0"), "name": to.removeprefix("#").lower()}])
    arguments = ("order.created", "--to", to, "--sample", sample_of("order.created"), "--stage", "demo")
    refusal = send(*arguments, SLACK_BOT_TOKEN=TOKEN)
    assert refusal.exit_code == 2, refusal.output
    assert "--yes" in refusal.output
    assert slack.messages() == []
    assert send(*arguments, "--yes", SLACK_BOT_TOKEN=TOKEN).exit_code == 0


USUAL = "channels: {orders: C0REALORDERS}\nfallback: C0REALFALLBACK\nredirect: C0REALREDIRECT\n"
OWN = "channels: {orders: C0OWNORDERS}\nfallback: C0OWNFALLBACK\nprefix: '**own**'\n"  # which is a warning
HOOKS = "channels: {orders: orders}\nfallback: orders\nthreads: ignore\n"
# The stages of a folder (None: a link that leads nowhere), the stage of the stack, where to, and why it is refused.
DESTINATIONS: list[tuple[dict[str, str | None], str, str, str]] = [
    ({"production": USUAL}, "", "C0REALORDERS", "real channel of production (orders)"),
    ({"production": USUAL}, "", "C0REALFALLBACK", "real channel of production (fallback)"),
    ({"production": USUAL}, "", "C0REALREDIRECT", "real channel of production (redirect)"),
    ({"production": USUAL}, "", "C0OWNORDERS", ""),
    ({"production": USUAL}, "own", "C0OWNORDERS", "real channel of own (orders)"),
    ({"production": USUAL}, "own", "C0REALORDERS", "real channel of production (orders)"),
    ({"production": USUAL}, "", "C0MINE0001", ""),
    ({"production": USUAL}, "", "#mine", "a name cannot be compared"),
    ({"eu": USUAL}, "", "C0REALORDERS", "real channel of eu"),
    ({"eu": USUAL}, "", "C0OWNORDERS", "real channel of own"),
    ({"eu": USUAL}, "own", "C0REALORDERS", ""),
    ({"production": f"{USUAL}channnels: {{}}\n"}, "", "C0REALORDERS", "_stages/production.yaml:4"),
    ({"production": "a: ["}, "", "C0REALORDERS", "_stages/production.yaml:1"),
    ({"production": None}, "", "C0REALORDERS", "_stages/production.yaml"),
    ({"production": HOOKS}, "", "C0REALORDERS", "an id cannot be compared with the webhooks"),
    *(({"production": given}, "own", YOU, "") for given in (USUAL, HOOKS, "a: [", None)),
    *(({"production": HOOKS}, "", person, "") for person in ("D0123ABCD", "U0123ABCD", "W0123ABCD")),
]


@pytest.mark.parametrize(("stages", "deployed", "to", "says"), DESTINATIONS)
def test_what_is_or_may_be_a_real_channel_is_refused(
    tmp_path: Path, stages: dict[str, str | None], deployed: str, to: str, says: str
) -> None:
    (tmp_path / "_stages").mkdir()
    for name, text in {**stages, "own": OWN}.items():
        file = tmp_path / f"_stages/{name}.yaml"
        file.symlink_to("nowhere") if text is None else file.write_text(text)
    compilation = compile_templates(tmp_path)
    refusal = pytest.raises(click.UsageError, match=re.escape(says)) if says else nullcontext()
    with refusal:
        refuse_real(to, compilation, deployed)


def test_without_a_stage_every_channel_may_be_a_real_one(tmp_path: Path) -> None:
    compilation = compile_templates(tmp_path)
    refuse_real(YOU, compilation)
    with pytest.raises(click.UsageError, match="there is no stage here"):
        refuse_real("C0MINE0001", compilation)


@pytest.mark.parametrize("option", ["--to", "--sample", "--stage", "--stack", "--id", "--db", "--nosuch"])
@pytest.mark.parametrize(
    "secret", ["xoxb-1234567890-AbCdEfGh", "https://hooks.slack.com/services/T0AAAA/B0AAAA/Abcdefghijkl"]
)
def test_a_secret_that_is_pasted_into_an_option_is_not_repeated(slack: Control, option: str, secret: str) -> None:
    answer = send("order.created", "--to", YOU, option, secret)
    assert answer.exit_code in (1, 2)
    assert secret not in answer.output


def test_without_a_token_and_a_demo_it_says_what_to_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLACK_BOT_TOKEN", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    answer = send("order.created", "--to", YOU, "--sample", sample_of("order.created"))
    assert answer.exit_code == 2
    assert "SLACK_BOT_TOKEN" in answer.output


@pytest.mark.parametrize("text", ["C0123ABCD", "G0123ABCD", "D0123ABCD", "U0123ABCD", "W0123ABCD", "#ops", "#運用"])
def test_where_a_test_may_go(text: str) -> None:
    assert read(f" {text} ") == text


NOWHERE = [
    "",
    "#",
    "@me",
    "S0123ABCD",
    "T0123ABCD",
    "c0123abcd",
    "C1",
    "C0123ABCD,C0123ABCE",
    "C0123ABCD\u200b",
    "#a b",
]


@pytest.mark.parametrize("text", [*NOWHERE, "#<!channel>", "#a,b", f"#{'a' * 81}", f"C{'0' * 31}", "xoxb-1"])
def test_where_no_test_goes(text: str) -> None:
    with pytest.raises(click.UsageError, match="neither a channel nor a person"):
        read(text)
