"""The AWS services that keep data: the state table, the queues and the secret store."""
