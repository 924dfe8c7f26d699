"""A real row becomes a sample in the template's file.

taking      what the function found -> the sample: fewer rows, masks
written     values -> YAML that the compiler reads as the same values
insertion   the sample into the text of the file, of which nothing else changes
saving      the text into the file, all of it or nothing
"""
