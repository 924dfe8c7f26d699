"""Decides what of a real row may be in a sample, and masks the rest. Pure: nothing here reads or writes files.

rules            what templates/_privacy.yaml says about names of columns and keys
usage            the values that a template works with, which may therefore stay
source_columns   the columns of tables behind those of a SELECT, whatever it calls them
decision         one value -> keep it, or mask it as some kind
forms            e-mails, UUIDs, codes: how to recognise one, and how to make a fictitious one
words            names and texts in the same script and of about the same length
masking          masks a whole sample: the same value always gets the same mask
"""
