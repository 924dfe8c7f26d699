"""What of a real row may stand in a sample, and what stands there instead. Nothing here reads or writes.

rules       what templates/_privacy.yaml says of the names of columns and keys
said        the values that a template works with, which may therefore stay
selected    the columns of tables behind those of a SELECT, whatever it calls them
decision    one value -> kept, or masked as what
forms       an e-mail, a UUID, a code: what it is known by, and one that is nobody's
words       names and texts of the same script and about the same length
masking     a whole sample, in which the same value gets the same mask
"""
