"""What a notification would post, before anybody gets it. The function's own stages make every message.

selection     what a person chose: templates and stages -> Selection
events        what a person typed of an event: an id, extras
catalogue     a selection -> an Entry of each notification, for lists and pages (mentions: whom it notifies)
listing       entries -> a table; details: all of one; plans: when a poll runs, in words
readable      a message -> lines of text that say all of it
changes       two lists of lines -> their difference, by lines and by words
approved      the file of a notification's approved messages, read and written
comparison    what is approved against what the samples post now
verdicts      a comparison in the terminal, or for programs
connections   the databases and APIs that real rows come from: --db and --api, or those of a running demo
runs          everything that was chosen -> a Run each
document      a Preview for programs
shown         a Preview in the terminal: its messages, or why there is none (told), and what it is for
terminal      a message in the terminal: its blocks, with elements, rich_text, mrkdwn and signs
revision      the templates as they were at a revision of git -> a folder
difference    two versions of the templates -> what differs in the messages
gallery       a folder, before and after an edit, as the items of the page; serve: the page while somebody edits
builder       a message as a link to Block Kit Builder
trial         a Preview -> a message that says that it is a test; silence makes its mentions text
destination   where a test may go; slack is the Slack that it goes to
"""
