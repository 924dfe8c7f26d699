"""Where an HTTP message ends: no answer on a kept connection is ever taken for that of another request.

For the connections to APIs and to Slack, and for those of botocore.
"""
