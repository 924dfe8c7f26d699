"""The HTTP client for Slack and the APIs, and the adapter that reads JSON documents from API instances."""
