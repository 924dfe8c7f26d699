"""Find where an HTTP message ends, so that no answer on a kept connection is taken for that of another request.

Used for the connections to APIs and to Slack, and for those of botocore.
"""
