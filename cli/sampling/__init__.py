"""Turns a real row into a sample in the template's file.

from_row      what the function found -> the sample: fewer rows, masked values
yaml_values   values -> YAML that the compiler reads as the same values
insertion     inserts the sample into the file's text, and changes nothing else
saving        writes the file atomically
"""
