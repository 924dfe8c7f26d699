"""Polls: new rows of a table become events, without any code in the application that writes them.

The database allocates a row's id before its transaction commits, and a read replica shows only committed rows. So a
missing id was rolled back, deleted, or is about to appear, and no SELECT can tell which. A poll therefore remembers
every id that it has seen, and reads the range below the newest id again (`id_cursor`).
"""
