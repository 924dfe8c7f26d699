"""Shared by the commands for operators: `explain`, `replay` and `balance` read a deployed stack and change little.

All of them start with the stack (stack.py, aws_errors.py), and write for people (times.py, screen.py). Then:

    explain    event_history: function_log, rows, dlq -> log_steps -> timeline -> event_view or event_json, with links
    replay     dlq -> dead_letters -> selection -> dlq_view, or replay_message -> resend
    balance    audit: rows, metrics, dlq -> accounting -> balance_view
"""
