"""The page of the Slack stand-in: what it accepted as Slack shows it, and what the notifier did about it.

    facts       what it shows beside the messages: deliveries, parked events, findings in templates
    board       everything that it shows, as items that change
    routes      its HTTP: the files, the stream of changes, and its part of the control API

What runs in the browser is in cli/page.
"""
