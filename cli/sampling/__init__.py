"""Turns a real row into a sample in the template's file.

taking      what the function found -> the sample: fewer rows, masked values
written     values -> YAML that the compiler reads as the same values
insertion   inserts the sample into the file's text, and changes nothing else
saving      writes the file atomically
"""
