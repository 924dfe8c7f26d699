"""What only a database knows of the templates: names, empty columns, long values, indexes and types.

    schema, reading   the facts: tables with their columns and indexes, read once for each database
    statements        the SELECTs of a template, with their places and what the samples bind
    resolving         which columns of which tables a SELECT means
    names, nulls, widths, comparisons, scans   the checks: pure, each from the facts to findings
    check             asks the databases, and lets the checks judge

Only SELECT, EXPLAIN and SHOW run, with the account of the function. No value of a row is printed.
"""

from cli.schema_check.check import check

__all__ = ["check"]
