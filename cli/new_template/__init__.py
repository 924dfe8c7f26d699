"""Makes a first template for an event from what a database knows about a table.

    tables     the facts: which tables there are; the columns, keys and comments of one
    fields     whether and how a message shows a column: pure
    choosing   which columns a message shows: pure
    asking, picking   asks the person at the terminal for what no option says
    draft      the text of the template: pure
    rows       its sample, from a real row
    content    runs all of these in order
    validation checks the template with all of lint, beside the others, before it is in their folder

Nothing is written if lint finds a problem.
"""
