"""What the commands on call share: `explain`, `replay` and `balance` read a deployed stack, and change little in it.

All of them begin with the stack (stack.py, refusals.py), and speak as people do (times.py, screen.py). Then:

    explain    inquiry: journal, rows, mailbox -> told -> timeline -> picture or story, with links
    replay     mailbox -> letters -> selection -> heap, or parcel -> resend
    balance    audit: rows, gauges, mailbox -> books -> sheet
"""
