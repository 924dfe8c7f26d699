"""A small tea shop: sample data, as an application that uses the notifier has in its database."""

from lab.shop.database import SCHEMA, Target, load
from lab.shop.generator import generate
from lab.shop.records import Shop

__all__ = ["SCHEMA", "Shop", "Target", "generate", "load"]
