"""A first template for an event, made from what a database knows of a table.

    tables     the facts: which tables there are, and the columns, keys and comments of one
    fields     what a message shows of each column, and how: pure
    choosing   which columns a message shows: pure
    asking, picking   what no option says, from the person at the terminal
    draft      the text of the template: pure
    rows       its sample, from a real row
    beginning  all of these, one after the other
    trial      the template beside the others, checked by all of lint, before it is in their folder

Nothing is written before lint finds nothing.
"""
