"""The page of the Slack stand-in: what it accepted as Slack shows it, and what the notifier did about it.

    facts       what it shows beside the messages: deliveries, parked events, findings in templates
    board       everything that it shows, as items that change
    routes      its HTTP: the files, the stream of changes, and its part of the control API
    index.html, src/    what runs in the browser; `make page` bundles it into .tools/page

The page holds no copy of Slack's rules for showing a message: the npm package slack-blocks-to-jsx does that.
"""
