"""Print a template as SAM translates it, as JSON. Runs in the environment of the SAM CLI, which has the translator."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse


def translate(text: str) -> dict:
    template = yaml_parse(text)
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            image = resource["Properties"].get("PackageType") == "Image"
            # `sam package` puts this there.
            if image:
                resource["Properties"]["ImageUri"] = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/notifier:1"
            else:
                resource["Properties"]["CodeUri"] = "s3://packages/function.zip"
            resource.pop("Metadata", None)  # only for `sam build`
    return Translator({}, Parser()).translate(template, {})


if __name__ == "__main__":
    json.dump(translate(Path(sys.argv[1]).read_text()), sys.stdout)
