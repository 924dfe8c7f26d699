"""Shows what a notification would post. The function's own stages render every message.

selection     what a person chose: templates and stages -> Selection
events        what a person typed about an event: its id, its `data`
catalogue     a selection -> an Entry of each notification, for lists and pages (mentions: whom it notifies)
listing       entries -> a table; details: everything about one; plans: when a poll runs, in words
readable      a message -> lines of text that show all of it
changes       two lists of lines -> their difference, by lines and by words
approved      reads and writes the file of a notification's approved messages
comparison    the approved messages compared with what the samples post now
verdicts      a comparison in the terminal, or as JSON
connections   the databases and APIs that real rows come from: --db and --api, or those of a running demo
runs          each template, stage and sample (or row) that was chosen -> a Run
document      a Preview as JSON
shown         a Preview in the terminal: its messages, or why there is none (told), and what it is of
terminal      a message in the terminal: its blocks, with elements, rich_text, mrkdwn and signs
revision      the templates as they were at a revision of git -> a folder
difference    two versions of the templates -> what differs in the messages
gallery       a folder, before and after an edit, as items of the page; serve: the page while templates are edited
builder       a message as a link to Block Kit Builder
trial         a Preview -> a message marked as a test; silence turns its mentions into text
destination   where a test may be sent; slack is the Slack that it is sent to
"""
