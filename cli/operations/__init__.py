"""Shared by the commands for operators: `explain`, `replay` and `balance` read a deployed stack and change little.

All of them start with the stack (stack.py, refusals.py), and write for people (times.py, screen.py). Then:

    explain    inquiry: journal, rows, mailbox -> told -> timeline -> picture or story, with links
    replay     mailbox -> letters -> selection -> heap, or parcel -> resend
    balance    audit: rows, gauges, mailbox -> books -> sheet
"""
