"""The guide's table "What happens when", and the tests that show each of its rows, are complete in both languages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[3]
REAL, TICKS, RUNS = (
    "integration/test_poll_behaviours.py",
    "unit/polling/test_dispatch.py",
    "unit/polling/test_polling_run.py",
)
NAMES, CROWDS, REFUSALS = (f"unit/polling/test_poll_{of}.py" for of in ("names", "crowds", "refusals"))
WATCHED, WATCH = "integration/test_watched_rows.py", "unit/polling/test_watched_column.py"
EACH = f"{REAL}::test_each_row_is_found_once"
TIMED = "integration/test_timed_behaviours.py"
EACH_TIME = f"{TIMED}::test_each_row_is_found_once"
# The tests of each situation: file::name, or file::name[case]. They are in the order of the table.
TESTS: Final[dict[str, list[str]]] = {
    "A transaction commits seconds or hours after its ids were allocated": [
        f"{EACH}[a commit comes seconds late]",
        f"{EACH}[a commit comes an hour late]",
        f"{EACH}[transactions commit in the opposite order]",
    ],
    "A transaction takes longer than `longest_transaction`": [
        f"{EACH}[a commit comes after the longest transaction]",
        f"{RUNS}::test_a_row_that_comes_after_the_longest_transaction_is_late",
    ],
    "A row becomes visible more than 30 days after its id was allocated": [
        f"{REAL}::test_an_id_is_looked_for_as_long_as_the_guide_says",
        f"{RUNS}::test_no_id_is_given_up_before_it_was_missing_for_a_month",
    ],
    "A transaction is rolled back, or an `INSERT` fails": [
        f"{EACH}[a transaction is rolled back]",
        f"{EACH}[a part of a transaction is rolled back]",
        f"{EACH}[an insert fails after its id was allocated]",
    ],
    "Ids are in strides (`auto_increment_increment`), or a row is inserted with an id of its own": [
        f"{EACH}[ids are in strides]",
        f"{EACH}[a row is inserted with an id of its own]",
    ],
    "One statement inserts 100,000 rows": [f"{REAL}::test_a_large_insert_holds_nothing_up"],
    "Rows are updated": [
        f"{EACH}[rows are updated]",
        f"{EACH}[a row is updated in the transaction that inserts it]",
        f"{WATCHED}::test_every_change_that_a_run_can_see_is_reported_once",
    ],
    "A watched value changes, and changes back": [
        f"{WATCH}::test_a_value_that_comes_back_is_a_change_if_a_run_was_between"
    ],
    "A reader endpoint leads to servers that show different values of a watched row": [
        f"{WATCH}::test_every_change_that_a_run_can_see_is_reported_once",
        f"{WATCH}::test_a_row_that_has_an_earlier_time_counts_once_no_replica_can_be_so_far_behind",
    ],
    "The poll watches another column than before, or begins or stops to watch one": [
        f"{WATCH}::test_another_watched_column_makes_no_events_of_the_rows_that_are_known",
        f"{WATCH}::test_a_poll_that_begins_to_watch_a_column_knows_its_rows",
    ],
    "A row is hidden by `WHERE`, as after a soft delete": [
        f"{REAL}::test_rows_that_are_hidden_by_the_where_are_found_once_they_are_shown"
    ],
    "Rows are deleted": [
        f"{EACH}[rows are deleted before they were found]",
        f"{EACH}[rows are deleted after they were found]",
        f"{EACH}[a deleted row is inserted again]",
        f"{TICKS}::test_deleted_rows_are_no_reason_to_stop",
    ],
    "The function's clock is wrong": [
        f"{EACH_TIME}[the clock of the function is wrong]",
        f"{EACH}[the clock of the function is wrong]",
        f"{EACH}[the poll did not run for a month]",
        f"{RUNS}::test_a_clock_that_has_jumped_is_not_remembered_and_gives_no_id_up",
        f"{TICKS}::test_a_clock_that_is_ahead_in_one_run_stops_no_poll",
    ],
    "The database server's clock is wrong": [f"{EACH}[the clock of the server is wrong]"],
    "Daylight saving time begins or ends": [f"{REAL}::test_a_change_to_or_from_daylight_saving_time_is_no_other_row"],
    "The `tz=` of the database is corrected, or `created` is rewritten (by `REPLACE`, or a column with `ON UPDATE`)": [
        f"{REAL}::test_a_row_whose_creation_seems_to_have_changed_is_a_false_alarm",
        f"{TICKS}::test_a_poll_on_hold_goes_on_when_it_is_resumed",
    ],
    "The replica lags": [f"{REAL}::test_a_replica_that_lags_or_stands_still_delays_rows_and_loses_none"],
    "The replica stands still": [
        f"{REAL}::test_a_replica_that_lags_or_stands_still_delays_rows_and_loses_none",
        f"{TIMED}::test_a_replica_that_stands_still_delays_rows_and_loses_none",
    ],
    "The replica is down": [f"{REAL}::test_a_replica_that_is_down_delays_rows_and_loses_none"],
    "A reader endpoint leads to servers of different lag by turns": [
        f"{REAL}::test_an_endpoint_that_alternates_between_servers_of_different_lag_loses_and_repeats_nothing",
        f"{TIMED}::test_servers_of_different_lag_that_are_read_in_turns_lose_and_repeat_nothing",
    ],
    "A failover: the replica is promoted": [f"{REAL}::test_after_a_failover_a_poll_goes_on_with_the_promoted_replica"],
    "A backup is restored, and rows that the poll has seen are missing": [
        f"{REAL}::test_a_restored_backup_puts_a_poll_on_hold",
        f"{REAL}::test_ids_that_are_used_again_put_a_poll_on_hold[an older dump is restored]",
        f"{TICKS}::test_a_restored_backup_is_noticed_when_its_rows_come_again",
    ],
    "The table is emptied by `TRUNCATE`, or its counter is set back": [
        f"{REAL}::test_ids_that_are_used_again_put_a_poll_on_hold[truncated and filled again]",
        f"{REAL}::test_ids_that_are_used_again_put_a_poll_on_hold[the counter is set back]",
        f"{REAL}::test_a_counter_that_soon_passes_the_highest_id_tells_nothing",
    ],
    "A blue/green switch, a restored dump of all rows, or an online change of the table (a copy that is renamed)": [
        f"{REAL}::test_a_switch_to_a_copy_with_all_rows_and_ids_is_not_noticed",
        f"{EACH}[a dump of all rows is restored]",
        f"{EACH}[the table is changed online]",
    ],
    "Two templates have a `poll` for one event type": [
        "unit/compiler/test_polls.py::test_one_poll_makes_the_events_of_a_type"
    ],
    "The function is killed, before or after any write": [
        f"{TIMED}::test_a_function_that_is_killed_at_any_write_loses_and_doubles_nothing",
        f"{REAL}::test_a_function_that_is_killed_at_any_write_loses_and_doubles_nothing",
        f"{TICKS}::test_a_killed_function_loses_nothing_and_its_lease_ends",
        "integration/test_poll_deliveries.py::test_what_a_poll_finds_ends_as_one_delivery",
    ],
    "The queue refuses events": [
        f"{REFUSALS}::test_each_row_is_sent_once_whatever_refuses_when",
        f"{REAL}::test_rows_wait_while_the_queue_or_the_state_table_refuses",
        f"{RUNS}::test_what_the_queue_accepted_before_it_refused_is_not_sent_again",
    ],
    "The state table refuses reads or writes": [
        f"{REFUSALS}::test_each_row_is_sent_once_whatever_refuses_when",
        f"{REAL}::test_rows_wait_while_the_queue_or_the_state_table_refuses",
        f"{TICKS}::test_what_refuses_for_a_while_loses_nothing",
    ],
    "The state reaches the size of an item": [
        f"{TICKS}::test_a_state_that_grows_too_large_gives_up_the_oldest_gaps_and_counts_them",
        f"{TICKS}::test_the_state_fits_into_its_item_in_the_worst_case",
    ],
    "The event type of a poll changes, as when its file is renamed": [
        f"{NAMES}::test_a_renamed_poll_is_a_new_one_and_its_first_run_posts_nothing",
        f"{NAMES}::test_the_items_of_a_renamed_poll_stay_and_serve_it_under_its_old_name",
    ],
    "A `poll` is removed, and later brought back": [
        f"{NAMES}::test_a_poll_that_is_removed_and_comes_back_finds_the_rows_of_its_absence",
        f"{NAMES}::test_a_poll_that_was_removed_with_unsent_events_sends_them_when_it_is_back",
    ],
    "Fifty polls are due at once": [
        f"{REAL}::test_a_poll_that_always_times_out_holds_none_of_fifty_up",
        f"{CROWDS}::test_polls_that_time_out_let_every_other_one_run",
    ],
    "A poll times out in each run": [
        f"{REAL}::test_a_poll_that_always_times_out_holds_none_of_fifty_up",
        f"{CROWDS}::test_polls_that_time_out_let_every_other_one_run",
        f"{TICKS}::test_a_failure_is_tried_again_soon_and_later_each_time",
    ],
    "A row gets its time some time after it was inserted": [f"{EACH_TIME}[a row gets its time later]"],
    "A transaction commits after its times were set": [
        f"{EACH_TIME}[a commit comes within the longest transaction]",
        f"{EACH_TIME}[a commit comes after the longest transaction]",
        f"{EACH_TIME}[a commit comes after the window]",
        f"{EACH_TIME}[a transaction is rolled back]",
    ],
    "No row comes for days, or the poll is paused": [f"{EACH_TIME}[no other row came for days]"],
    "Many rows have the same time": [f"{EACH_TIME}[rows of one time are on the edge of a page]"],
    "A row gets another time": [
        f"{EACH_TIME}[a row gets another time]",
        f"{EACH_TIME}[a row gets a time it had before]",
    ],
    "A row is updated, and keeps its time": [f"{EACH_TIME}[a row is updated and keeps its time]"],
    "Rows are deleted, or lose their time": [f"{EACH_TIME}[rows are deleted]"],
    "Ids are used again, as after a restored backup": [
        f"{TIMED}::test_ids_that_are_used_again_are_new_rows_unless_they_are_remembered"
    ],
    "A time is in the past, as in an import": [f"{EACH_TIME}[a row has a time in the past]"],
    "A time is in the future": [f"{EACH_TIME}[a time is in the future]"],
    "A row is hidden by `WHERE` at first": [f"{TIMED}::test_rows_that_are_hidden_by_the_where_are_found_in_the_window"],
    "The `tz=` of the database is corrected": [f"{TIMED}::test_a_corrected_zone_puts_a_poll_on_hold"],
    "The window has more than 12,000 rows": [f"{TIMED}::test_more_rows_than_can_be_remembered_shorten_the_window"],
    "`longest_transaction` is changed": [
        f"{TIMED}::test_another_longest_transaction_makes_no_events_of_rows_that_were_seen"
    ],
}
PAGES: Final = {"docs/templates.md": "### What happens when", "docs/ja/templates.md": "### こんなときはどうなるか"}


def table(page: str) -> list[list[str]]:
    """The cells of each row of both tables: of ids, and of times."""
    section = (ROOT / page).read_text("utf-8").partition(f"\n{PAGES[page]}\n")[2].partition("\n### ")[0]
    lines = [line for line in section.splitlines() if line[:2] == "| "]
    rules = {number for number, line in enumerate(lines) if line[:5] == "| ---"}
    heads = rules | {number - 1 for number in rules}
    rows = [line for number, line in enumerate(lines) if number not in heads]
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in rows]


def test_each_situation_of_the_guide_has_its_tests() -> None:
    assert [row[0] for row in table("docs/templates.md")] == [*TESTS]
    assert all(TESTS.values())


@pytest.mark.parametrize("test", sorted({test for tests in TESTS.values() for test in tests}))
def test_each_of_these_tests_is_there(test: str) -> None:
    file, name, case = re.fullmatch(r"(.+)::(\w+)(?:\[(.+)\])?", test).groups()  # type: ignore[union-attr]
    source = (ROOT / "tests" / file).read_text("utf-8")
    assert f"\ndef {name}(" in source
    assert case is None or f'    "{case}": [' in source


def test_both_languages_name_the_same_things() -> None:
    english, japanese = (
        [re.findall(r"`[^`]+`", " ".join(row)) for row in table(page)]
        for page in ("docs/templates.md", "docs/ja/templates.md")
    )
    assert [sorted(set(row)) for row in japanese] == [sorted(set(row)) for row in english]


@pytest.mark.parametrize("page", PAGES)
def test_each_row_says_what_happens_and_what_to_do(page: str) -> None:
    assert all(len(row) == 3 and all(row) for row in table(page))
