"""Forms of parameters in samconfig.toml, and what `sam deploy` makes of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final


@dataclass(frozen=True)
class Form:
    """The value of `parameter_overrides` with its files; the parameters that SAM passes on, and the text it drops."""

    written: str
    values: Mapping[str, str]
    lost: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    command: str = "deploy"

    def put(self, folder: Path) -> Path:
        """Write samconfig.toml with the files beside it, and return its path."""
        for name, text in self.files.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text)
        path = folder / "samconfig.toml"
        path.write_text(f"version = 0.1\n[prod.{self.command}.parameters]\nparameter_overrides = {self.written}\n")
        return path


LIST: Final = "a=mysql://x/y, b=mysql://z/y"
FORMS: Final[dict[str, Form]] = {
    "a text, as --guided writes it": Form(
        f"""'SubnetIds="subnet-1,subnet-2" Stage="prod" Databases="{LIST}" Apis=""'""",
        {"SubnetIds": "subnet-1,subnet-2", "Stage": "prod", "Databases": LIST, "Apis": ""},
    ),
    "a list": Form(
        '["SubnetIds=subnet-1,subnet-2", "Stage=prod"]', {"SubnetIds": "subnet-1,subnet-2", "Stage": "prod"}
    ),
    "a list within a list": Form('[["A=1"], "B=2 C=3"]', {"A": "1", "B": "2", "C": "3"}),
    "a value in quotes": Form(f"""['Databases="{LIST}"']""", {"Databases": LIST}),
    "a value in single quotes": Form(f'''"Databases='{LIST}' Stage=prod"''', {"Databases": LIST, "Stage": "prod"}),
    "a value that is cut at its blank": Form(
        f'["Databases={LIST}"]', {"Databases": "a=mysql://x/y,", "b": "mysql://z/y"}
    ),
    "quotes within quotes": Form(r"""'A="x \"y\" z" B=2'""", {"A": 'x "y" z', "B": "2"}),
    "a blank after a backslash": Form(r"""'A=x\ y B=2'""", {"A": "x y", "B": "2"}),
    "options behind a semicolon": Form('"Slack=bot;ambiguous=park A=1"', {"Slack": "bot;ambiguous=park", "A": "1"}),
    "CloudFormation's form": Form(
        '"ParameterKey=A,ParameterValue=1 ParameterKey=B,ParameterValue=2"', {"A": "1", "B": "2"}
    ),
    "both forms in one text": Form('"ParameterKey=A,ParameterValue=1 B=2"', {"A": "1"}, ("B=2",)),
    "both forms in a list": Form('["ParameterKey=A,ParameterValue=1", "B=2"]', {"A": "1", "B": "2"}),
    "no value": Form('"Apis= B=2"', {"B": "2"}, ("Apis=",)),
    "a name that no parameter can have": Form('"Log-Level=DEBUG B=2"', {"B": "2"}, ("Log-Level=DEBUG",)),
    "a word alone": Form('"A=1 on B=2"', {"A": "1", "B": "2"}, ("on",)),
    "a quote that does not begin the value": Form("""'A=x"y" B=2'""", {"A": "x", "B": "2"}, ('"y"',)),
    "lines": Form('"""\nA=1\nB=2\n"""', {"A": "1\nB=2"}),
    "a table": Form('{A = 1, B = ["x", " y", ""], C = true}', {"A": "1", "B": "x,y", "C": "True"}),
    "a later one of the same name": Form('["A=1", {A = 2}]', {"A": "2"}),
    "nothing": Form('""', {}),
    "an empty list": Form("[]", {}),
    "a file": Form('"file://more.yaml"', {"Polls": "on", "C": ""}, files={"more.yaml": "Polls: on\nC:\n"}),
    "a file that names another one in its own folder": Form(
        '"file://more/a.yaml"',
        {"A": "1", "B": "2"},
        files={"more/a.yaml": "A: 1\n$include: file://b.yaml\n", "more/b.yaml": "B: 2\n"},
    ),
    "files beside files": Form(
        '["A=1", "file://more.yml"]',
        {"A": "1", "B": "2", "C": "3"},
        files={"more.yml": "- $include: file://last.toml\n- C=3\n", "last.toml": "B = 2\n"},
    ),
    "for all commands": Form('"A=1"', {"A": "1"}, command="global"),
}
