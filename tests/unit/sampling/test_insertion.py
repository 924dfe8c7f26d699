"""A sample is put into any file that the compiler reads, and nothing else of the file changes."""

from __future__ import annotations

import codecs
from pathlib import Path

import pytest

from cli.sampling.target import InsertionError, Target

SAMPLE = {"id": 7, "lookups": {"order": {"number": "A-1", "note": "one\ntwo\n"}, "items": [{"x": 1}], "none": None}}
NAME = "注文 7"
TEMPLATES = sorted(Path("templates").glob("[!_.]*.yaml"))

BASE = "id: integer\nchannel: orders\ntext: Order\n"
BLOCK = "  one: {id: 1}\n"
DATA = f"{BASE}samples:\n  one:\n    id: 1\n    data:\n"
FILES = {
    "block": f"{BASE}samples:\n{BLOCK}",
    "no samples": BASE,
    "no samples, no final newline": BASE.rstrip("\n"),
    "no samples, blank lines at the end": f"{BASE}\n\n",
    "no samples, a comment at the end": f"{BASE}# the end\n",
    "no samples, a text in a block at the end": "id: integer\nchannel: orders\ntext: |\n  Order\n",
    "no samples, a text with its blank lines": "id: integer\nchannel: orders\ntext: |+\n  Order\n\n\n",
    "no samples, in braces": "{id: integer, channel: orders, text: Order}\n",
    "no samples, everything indented": "  id: integer\n  channel: orders\n  text: Order\n",
    "an empty key": f"{BASE}samples:\n",
    "an empty key with a comment": f"{BASE}samples:   # none yet\n",
    "an empty key in the middle": "id: integer\nsamples:\n\nchannel: orders\ntext: Order\n",
    "empty braces": f"{BASE}samples: {{}}\n",
    "braces with a comment": f"{BASE}samples: {{  # one\n  one: {{id: 1}},  # two\n  # three\n}}\n",
    "braces with a comma at the end": f"{BASE}samples: {{one: {{id: 1}},}}\n",
    "braces without a comma": f"{BASE}samples: {{one: {{id: 1}} }}  # end\n",
    "JSON": '{"id": "integer", "channel": "orders", "text": "Order",\n "samples": {"one": {"id": 1}}}',
    "JSON without a sample": '{"id": "integer", "channel": "orders", "text": "Order", "samples": {\n}}\n',
    "in the middle": f"id: integer\nsamples:\n{BLOCK}\n# next\nchannel: orders\ntext: Order\n",
    "indented comments": f"{BASE}samples:\n{BLOCK}    # of one\n  # of all\n# of nothing\n",
    "a tab in a comment": f"{BASE}samples:\n  one: {{id: 1}} # a\ttab\n  #\ta tab before\n",
    "no final newline": f"{BASE}samples:\n{BLOCK}".rstrip("\n"),
    "blank lines at the end": f"{BASE}samples:\n{BLOCK}\n\n\n",
    "a text at the end": f"{DATA}      a: |\n        x\n\n        y\n",
    "a text with its blank lines at the end": f"{DATA}      a: |+\n        x\n\n\n",
    "a folded text at the end": f"{DATA}      a: >-\n        x\n        y\n# end\n",
    "a text over lines": f'{DATA}      a: "x\n        y"\n      b: x\n        y\n',
    "a wide indentation": f"{BASE}samples:\n        one:\n            id: 1\n",
    "Japanese keys": f"{BASE}samples:\n  注文: {{id: 1, data: {{氏名: 山田}}}}\n",
    "quoted keys": f'{BASE}"samples":\n  "one": {{id: 1}}\n',
    "an ampersand in a comment": f"{BASE}samples:  # &anchor *alias\n{BLOCK}",
    "a null at the end": f"{DATA}",
    "a list at the end": f"{DATA}      a:\n      - 1\n      - 2\n",
    "a start of the document": f"---\n{BASE}samples:\n{BLOCK}",
    "signs of several bytes": f"{BASE}description: 茶🎁\nsamples:\n  👨‍👩‍👧: {{id: 1}}\n",
}


ALL = {**FILES, **{path.stem: path.read_text("utf-8") for path in TEMPLATES}}


@pytest.mark.parametrize("bom", [b"", codecs.BOM_UTF8], ids=["", "bom"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("source", ALL.values(), ids=ALL)
def test_everything_else_stays_byte_for_byte(source: str, newline: str, bom: bytes) -> None:
    content = bom + source.replace("\n", newline).encode()
    after = Target("order.created", content).with_sample(NAME, SAMPLE)  # raises if it is not read as it was given
    pairs = enumerate(zip(content, after, strict=False))
    begin = next((at for at, (one, other) in pairs if one != other), len(content))
    assert after.endswith(content[begin:])
    assert b"\r\n" not in content or after.count(b"\r\n") == after.count(b"\n")


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("name", ["one", "two", "注文", "three"])
@pytest.mark.parametrize(
    "source",
    [
        "samples:\n  one: {{id: 1}}\n  two:\n    id: 2  # two\n    data:\n      a: |\n        x\n\n  注文: {{id: 3}}\n",
        "samples: {{one: {{id: 1}}, two: {{id: 2, data: {{a: b}}}},  # two\n  注文: {{id: 3}},\n}}\n",
        'samples:\n    "one":\n        id: 1\n    two: {{id: 2}}  # two\n    注文:\n        id: 3',
    ],
)
def test_a_sample_is_replaced_where_it_stands(source: str, name: str, newline: str) -> None:
    content = (BASE + source.replace("{{", "{").replace("}}", "}")).replace("\n", newline).encode()
    target = Target("order.created", content)
    after = Target("order.created", target.with_sample(name, SAMPLE))
    assert after.names == (target.names if name in target.names else (*target.names, name))
    assert after.with_sample(name, SAMPLE) == after.content


@pytest.mark.parametrize("rest", ["samples: null\n", "...\n", "samples: [1]\n", "samples: a\n"])
def test_where_nothing_can_be_added_nothing_is_changed(rest: str) -> None:
    with pytest.raises(InsertionError):
        Target("order.created", f"{BASE}{rest}".encode()).with_sample(NAME, SAMPLE)


def test_it_stands_behind_the_others() -> None:
    source = f"{BASE}samples:\n{BLOCK}    # of one\n\n# of nothing\n"
    after = Target("order.created", source.encode()).with_sample("two", {"id": 2}).decode()
    assert after == f"{BASE}samples:\n{BLOCK}    # of one\n  two:\n    id: 2\n\n# of nothing\n"
