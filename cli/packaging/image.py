"""Makes the second template: the same stack with a container image. `python -m cli.packaging.image` writes it.

It is generated from template.yaml, so that there is one source: only what differs for an image is changed.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

ROOT: Final = Path(__file__).resolve().parents[2]
SOURCE: Final = ROOT / "template.yaml"
TARGET: Final = ROOT / "template-image.yaml"
FUNCTION: Final = "NotifierFunction"
HEADER: Final = "# Made from template.yaml by `make docs`: edit that one. See docs/packaging.md.\n"
# Properties that an image defines itself, or cannot have.
# https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html
_PACKAGE_ONLY: Final = ("CodeUri", "Handler", "Runtime", "Layers")
_LAYERS_PARAMETER: Final = "LayerArns"
_LAYERS_CONDITION: Final = "WithLayers"


def image_template(text: str) -> str:
    """Return a template's text for a function that is a container image."""
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 1_000_000  # do not fold long lines
    yaml.indent(mapping=2, sequence=4, offset=2)
    template = yaml.load(text)
    _remove_layers(template)
    function = template["Resources"][FUNCTION]
    function["Metadata"].clear()
    function["Metadata"].update({"Dockerfile": "Dockerfile", "DockerContext": ".", "DockerTag": "notifier"})
    for name in _PACKAGE_ONLY:
        del function["Properties"][name]
    function["Properties"].insert(1, "PackageType", "Image")
    written = io.StringIO()
    yaml.dump(template, written)
    return HEADER + written.getvalue()


def _remove_layers(template: Any) -> None:
    """Remove the layers. An image has none: what they contain is built into it."""
    del template["Parameters"][_LAYERS_PARAMETER]
    del template["Conditions"][_LAYERS_CONDITION]
    for group in template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]:
        if _LAYERS_PARAMETER in group["Parameters"]:
            group["Parameters"].remove(_LAYERS_PARAMETER)


if __name__ == "__main__":
    TARGET.write_text(image_template(SOURCE.read_text("utf-8")), "utf-8")
