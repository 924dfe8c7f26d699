"""The function as a container image: the same stack, the same settings, and a file that shows how to run it here."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from cli.packaging.image import image_template
from handler.discovery.paths import PATHS
from handler.settings import Settings
from tests.infra.stack import IMAGE_TEMPLATE, ROOT, TEMPLATE, translated

FUNCTION = "NotifierFunction"
EMULATOR_PORT = 8080


def test_the_second_template_is_made_from_the_first() -> None:
    assert IMAGE_TEMPLATE.read_text("utf-8") == image_template(TEMPLATE.read_text("utf-8")), "run `make docs`"


def without_layers(template: dict[str, Any]) -> dict[str, Any]:
    parameters = {name: part for name, part in template["Parameters"].items() if name != "LayerArns"}
    conditions = {name: part for name, part in template["Conditions"].items() if name != "WithLayers"}
    return {"Parameters": parameters, "Conditions": conditions, "Outputs": template["Outputs"]}


def unnumbered(template: dict[str, Any]) -> dict[str, Any]:
    """The resources but for the function and its version, whose name has a hash of the code."""
    own = (FUNCTION, f"{FUNCTION}Version", f"{FUNCTION}Alias")
    return {name: part for name, part in template["Resources"].items() if not name.startswith(own)}


def test_the_stacks_differ_in_nothing_but_how_the_function_is_packed() -> None:
    zipped, image = translated(TEMPLATE), translated(IMAGE_TEMPLATE)
    assert without_layers(image) == without_layers(zipped)
    assert unnumbered(image) == unnumbered(zipped)
    one, other = (stack["Resources"][FUNCTION]["Properties"] for stack in (zipped, image))
    packed = {"Code", "Handler", "Runtime", "Layers", "PackageType"}
    assert {name: one[name] for name in one.keys() - packed} == {name: other[name] for name in other.keys() - packed}
    assert (other["PackageType"], "ImageUri" in other["Code"]) == ("Image", True)


@pytest.fixture(scope="module")
def service() -> dict[str, Any]:
    composed = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
    found: dict[str, Any] = composed["services"]["notifier"]
    return found


def test_the_image_listens_on_this_machine_alone(service: dict[str, Any]) -> None:
    [published] = service["ports"]
    address, _, inside = published.rpartition(":")
    assert (address.split(":")[0], int(inside)) == ("127.0.0.1", EMULATOR_PORT)


def test_the_image_is_given_settings_that_the_function_takes(service: dict[str, Any]) -> None:
    given = {name: value for name, value in service["environment"].items() if name.startswith("NOTIFIER_")}
    known = set(translated()["Resources"][FUNCTION]["Properties"]["Environment"]["Variables"])
    assert given.keys() <= known
    filled = {**given, "NOTIFIER_DEAD_LETTER_QUEUE_URL": "https://sqs/dead", "NOTIFIER_STATE_TABLE": "state"}
    Settings.from_environment(filled, PATHS)


def test_no_credential_stands_in_the_file(service: dict[str, Any]) -> None:
    secret = {name: value for name, value in service["environment"].items() if re.match("AWS_.*KEY", name)}
    assert secret == {name: f"${{{name}:-}}" for name in secret}
    assert secret
