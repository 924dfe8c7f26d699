"""From a record to messages: parse, route, enrich, render. The stages only read; delivery/ posts the messages."""
