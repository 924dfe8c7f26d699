"""The functions that a lookup's SQL may call, and the words that it must not contain."""

from __future__ import annotations

from typing import Final

from cli.language import later

# Functions of MySQL and MariaDB that only compute a value from their arguments and the clock.
# servers.py has those that only one of the two supports.
_FUNCTIONS: Final = """
    ABS ACOS ADDDATE ADDTIME ASCII ASIN ATAN ATAN2 AVG BIN BIT_AND BIT_COUNT BIT_LENGTH BIT_OR BIT_XOR CAST CEIL
    CEILING CHAR CHARACTER_LENGTH CHAR_LENGTH COALESCE CONCAT CONCAT_WS CONV CONVERT CONVERT_TZ COS COT COUNT CRC32
    CUME_DIST CURDATE CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP CURTIME DATE DATEDIFF DATE_ADD DATE_FORMAT DATE_SUB
    DAY DAYNAME DAYOFMONTH DAYOFWEEK DAYOFYEAR DEGREES DENSE_RANK ELT EXP EXTRACT FIELD FIND_IN_SET FIRST_VALUE FLOOR
    FORMAT FROM_BASE64 FROM_DAYS FROM_UNIXTIME GET_FORMAT GREATEST GROUP_CONCAT HEX HOUR IF IFNULL INET6_NTOA
    INET_NTOA INSERT INSTR ISNULL JSON_ARRAY JSON_ARRAYAGG JSON_CONTAINS JSON_CONTAINS_PATH JSON_DEPTH JSON_EXTRACT
    JSON_KEYS JSON_LENGTH JSON_OBJECT JSON_OBJECTAGG JSON_OVERLAPS JSON_QUOTE JSON_SEARCH JSON_TYPE JSON_UNQUOTE
    JSON_VALID JSON_VALUE LAG LAST_DAY LAST_VALUE LCASE LEAD LEAST LEFT LENGTH LN LOCALTIME LOCALTIMESTAMP LOCATE LOG
    LOG10 LOG2 LOWER LPAD LTRIM MAKEDATE MAKETIME MAX MD5 MICROSECOND MID MIN MINUTE MOD MONTH MONTHNAME NOW NTH_VALUE
    NTILE NULLIF OCT OCTET_LENGTH ORD PERCENT_RANK PERIOD_ADD PERIOD_DIFF PI POSITION POW POWER QUARTER RADIANS RANK
    REGEXP_INSTR REGEXP_LIKE REGEXP_REPLACE REGEXP_SUBSTR REPLACE REVERSE RIGHT ROUND ROW_NUMBER RPAD RTRIM SECOND
    SEC_TO_TIME SHA1 SHA2 SIGN SIN SOUNDEX SQRT STD STDDEV STDDEV_POP STDDEV_SAMP STRCMP STR_TO_DATE SUBDATE SUBSTR
    SUBSTRING SUBSTRING_INDEX SUBTIME SUM TAN TIME TIMEDIFF TIMESTAMP TIMESTAMPADD TIMESTAMPDIFF TIME_FORMAT
    TIME_TO_SEC TO_BASE64 TO_DAYS TO_SECONDS TRIM TRUNCATE UCASE UNHEX UNIX_TIMESTAMP UPPER UTC_DATE UTC_TIME
    UTC_TIMESTAMP VARIANCE VAR_POP VAR_SAMP WEEK WEEKDAY WEEKOFYEAR YEAR YEARWEEK
    """
FUNCTIONS: Final = frozenset(_FUNCTIONS.split())

# Words after which a bracket is not a call.
_BEFORE_BRACKETS: Final = """
    AGAINST ALL AND ANY AS BETWEEN BINARY BY CASE DISTINCT DIV ELSE EXCEPT EXISTS FROM HAVING IN INDEX INTERSECT
    INTERVAL IS JOIN LIKE MATCH NOT ON OR OVER REGEXP RLIKE SELECT SOME THEN UNION USING WHEN WHERE XOR
    """
BEFORE_BRACKETS: Final = frozenset(_BEFORE_BRACKETS.split())
# Those of them that are not reserved, so that a stored function can have the name, with what must be before them.
# https://dev.mysql.com/doc/refman/8.4/en/keywords.html
_COMPARISONS: Final = ("=", ">", "<")
AFTER: Final[dict[str, tuple[str, ...]]] = {"AGAINST": (")",), "ANY": _COMPARISONS, "SOME": _COMPARISONS}
# Types with a size in brackets, inside CAST and similar functions.
TYPES: Final = frozenset({"DATETIME", "DECIMAL", "NCHAR", "SIGNED", "UNSIGNED", "VARCHAR"})

# Reasons for refusing some functions, about {what}. Any other function that is not listed above is refused, too.
_WAITS: Final = later("{what} waits, and holds the connection meanwhile")
_LOCKS: Final = later("{what} takes or asks for a lock")
_GROWS: Final = later("{what} can make a text as large as the server allows")
_TELLS: Final = later("{what} tells about the server, not about a record")
REFUSED_FUNCTIONS: Final[dict[str, str]] = {
    **dict.fromkeys(("SLEEP", "BENCHMARK", "MASTER_POS_WAIT", "SOURCE_POS_WAIT", "MASTER_GTID_WAIT"), _WAITS),
    **dict.fromkeys(("WAIT_FOR_EXECUTED_GTID_SET", "WAIT_UNTIL_SQL_THREAD_AFTER_GTIDS"), _WAITS),
    **dict.fromkeys(("GET_LOCK", "RELEASE_LOCK", "RELEASE_ALL_LOCKS", "IS_FREE_LOCK", "IS_USED_LOCK"), _LOCKS),
    **dict.fromkeys(("REPEAT", "SPACE", "RANDOM_BYTES"), _GROWS),
    **dict.fromkeys(("USER", "CURRENT_USER", "SESSION_USER", "SYSTEM_USER", "CURRENT_ROLE", "DATABASE"), _TELLS),
    **dict.fromkeys(("SCHEMA", "VERSION", "CONNECTION_ID", "LAST_INSERT_ID", "FOUND_ROWS", "ROW_COUNT"), _TELLS),
    "LOAD_FILE": later("{what} reads files of the server"),
    "EXTRACTVALUE": later("{what} shows what it reads in error messages"),
    "UPDATEXML": later("{what} shows what it reads in error messages"),
    "NEXTVAL": later("{what} changes a sequence"),
    "SETVAL": later("{what} changes a sequence"),
    "RAND": later("{what} gives another answer each time, also when an event is tried again"),
    "UUID": later("{what} gives another answer each time, also when an event is tried again"),
}

# Reserved in MySQL or MariaDB, so a column with such a name needs backquotes.
_WRITES: Final = later("{what} changes something; a lookup only reads")
_HINT: Final = later("{what} gives the server a hint, which templates must not do")
_READS_WHOLE: Final = later("{what} is no SELECT; write SELECT with the columns")
REFUSED_WORDS: Final[dict[str, str]] = {
    **dict.fromkeys(("ALTER", "CALL", "CREATE", "DELETE", "DROP", "GRANT", "LOAD", "RENAME", "REVOKE"), _WRITES),
    **dict.fromkeys(
        ("UPDATE", "LOCK", "UNLOCK", "KILL", "PURGE"), later("{what} changes or locks something; a lookup only reads")
    ),
    **dict.fromkeys(("INTO", "OUTFILE", "DUMPFILE"), later("{what} puts the result elsewhere; a lookup only reads")),
    **dict.fromkeys(("SHOW", "EXPLAIN", "DESCRIBE", "ANALYZE", "OPTIMIZE", "TABLE"), _READS_WHOLE),
    **dict.fromkeys(("STRAIGHT_JOIN", "HIGH_PRIORITY", "SQL_CACHE", "SQL_NO_CACHE", "SQL_CALC_FOUND_ROWS"), _HINT),
    **dict.fromkeys(("SQL_BIG_RESULT", "SQL_SMALL_RESULT", "SQL_BUFFER_RESULT", "FORCE", "USE", "IGNORE"), _HINT),
    "PROCEDURE": later("{what} runs a procedure; a lookup only reads"),
    "INDEX": _HINT,
    "CURRENT_USER": _TELLS,
    "CURRENT_ROLE": _TELLS,
}
