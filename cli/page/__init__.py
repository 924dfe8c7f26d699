"""The page: notifications as Slack shows them, in a browser. `notifier preview --serve`, the demo and a file serve it.

    src/        what runs in the browser; `make page` bundles it into dist/
    index.html  the document around it, whose gaps `document` fills
    document    the page's files, as a server or a file hands them out

What the page shows is a set of items by key: `{"set": {key: item}, "gone": [key]}`, first all of them, then what
differs. Each item has a `kind`. It holds no copy of Slack's rules for showing a message: the npm package
slack-blocks-to-jsx does that.
"""
