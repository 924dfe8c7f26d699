"""Checks of templates that need a database: names, NULLs, long values, indexes and types.

    schema, reading   the facts: tables with their columns and indexes, read once per database
    statements        the SELECTs of a template, with positions and with the parameters of the samples
    resolving         which columns of which tables a SELECT refers to
    names, nulls, widths, comparisons, scans   the checks: pure functions from facts to findings
    check             queries the databases, and runs the checks

Only SELECT, EXPLAIN and SHOW run, with the account of the function. No value of a row is printed.
"""

from cli.schema_check.check import check

__all__ = ["check"]
