"""The Lambda function: reads events, looks up, renders, posts to Slack. The only code that ships."""
