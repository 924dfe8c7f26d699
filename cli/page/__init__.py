"""The page: shows notifications as Slack does, in a browser. `notifier preview --serve`, the demo and a file use it.

    src/        the code that runs in the browser; `make page` bundles it into dist/
    index.html  the document around it, with gaps that `document` fills
    document    the page's files, for a server or a file

The page shows a set of items by key: `{"set": {key: item}, "gone": [key]}`, first all of them, then the changes. Each
item has a `kind`. The page has no copy of Slack's rendering rules: the npm package slack-blocks-to-jsx has them.
"""
