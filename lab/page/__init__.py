"""The web page of the Slack stand-in: shows the messages as Slack does, and what the notifier did.

    facts       what it shows besides messages: deliveries, parked events, findings in templates
    board       the page's state, as items that change
    routes      its HTTP: the files, the stream of changes, and its part of the control API

The code for the browser is in cli/page.
"""
