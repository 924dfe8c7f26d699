"""The steps from a record to a receipt, in the order in which they run: parse, route, enrich, render, deliver."""
