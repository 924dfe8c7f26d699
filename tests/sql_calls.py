"""A realistic call of each SQL function that a lookup may use, on the sample shop's `orders`."""

from __future__ import annotations

from typing import Final

_OVER: Final = "OVER (ORDER BY id)"
_JSON: Final = """'{"a": {"b": [1, 2]}, "c": "x"}'"""
_AT: Final = "created_at"
_DAY: Final = "'2026-01-05'"

CALLS: Final[dict[str, str]] = {
    # numbers
    **{name: f"{name}(amount)" for name in ("ABS", "CEIL", "CEILING", "FLOOR", "ROUND", "SIGN", "SQRT", "LN", "LOG10",
                                            "LOG2", "COS", "SIN", "TAN", "COT", "ATAN", "DEGREES", "RADIANS", "BIN",
                                            "OCT")},
    **{name: f"{name}(0.5)" for name in ("ACOS", "ASIN", "EXP")},
    "ATAN2": "ATAN2(amount, 2)", "BIT_COUNT": "BIT_COUNT(status)", "CONV": "CONV(status, 10, 2)",
    "CRC32": "CRC32(number)", "FORMAT": "FORMAT(amount, 2)", "LOG": "LOG(2, amount)", "MOD": "MOD(id, 7)", "PI": "PI()",
    "POW": "POW(id, 2)", "POWER": "POWER(id, 2)", "TRUNCATE": "TRUNCATE(amount, 1)", "HEX": "HEX(number)",
    # aggregates
    **{name: f"{name}(amount)" for name in ("AVG", "MAX", "MIN", "SUM", "STD", "STDDEV", "STDDEV_POP", "STDDEV_SAMP",
                                            "VARIANCE", "VAR_POP", "VAR_SAMP")},
    **{name: f"{name}(status)" for name in ("BIT_AND", "BIT_OR", "BIT_XOR")},
    "COUNT": "COUNT(DISTINCT customer_id)",
    "GROUP_CONCAT": "GROUP_CONCAT(DISTINCT number ORDER BY number DESC SEPARATOR ', ')",
    "JSON_ARRAYAGG": "JSON_ARRAYAGG(number)", "JSON_OBJECTAGG": "JSON_OBJECTAGG(number, amount)",
    # windows
    **{name: f"{name}() {_OVER}" for name in ("CUME_DIST", "DENSE_RANK", "PERCENT_RANK", "RANK", "ROW_NUMBER")},
    **{name: f"{name}(amount) {_OVER}" for name in ("FIRST_VALUE", "LAG", "LAST_VALUE", "LEAD")},
    "NTH_VALUE": f"NTH_VALUE(amount, 2) {_OVER}", "NTILE": f"NTILE(4) {_OVER}",
    # texts
    **{name: f"{name}(number)" for name in ("ASCII", "BIT_LENGTH", "CHARACTER_LENGTH", "CHAR_LENGTH", "LCASE", "LENGTH",
                                            "LOWER", "LTRIM", "OCTET_LENGTH", "ORD", "REVERSE", "RTRIM", "SOUNDEX",
                                            "TO_BASE64", "UCASE", "UPPER", "MD5", "SHA1")},
    "CHAR": "CHAR(65 USING utf8mb4)", "CONCAT": "CONCAT(number, '-', region)",
    "CONCAT_WS": "CONCAT_WS(', ', number, region)", "ELT": "ELT(1, number, region)",
    "FIELD": "FIELD(region, 'eu', 'us')", "FIND_IN_SET": "FIND_IN_SET(region, 'eu,us')",
    "FROM_BASE64": "CONVERT(FROM_BASE64('VGVh') USING utf8mb4)", "INSERT": "INSERT(number, 1, 2, 'x')",
    "INSTR": "INSTR(number, '-')", "LEFT": "LEFT(note, 3000)", "LOCATE": "LOCATE('-', number)",
    "LPAD": "LPAD(number, 12, ' ')", "MID": "MID(number, 2, 3)", "POSITION": "POSITION('-' IN number)",
    "REGEXP_INSTR": "REGEXP_INSTR(number, '[0-9]')", "REGEXP_LIKE": "REGEXP_LIKE(number, '^T')",
    "REGEXP_REPLACE": "REGEXP_REPLACE(number, '[0-9]+', 'n')", "REGEXP_SUBSTR": "REGEXP_SUBSTR(number, '[0-9]+')",
    "REPLACE": "REPLACE(number, '-', ' ')", "RIGHT": "RIGHT(number, 4)", "RPAD": "RPAD(number, 12, ' ')",
    "SHA2": "SHA2(number, 256)", "STRCMP": "STRCMP(number, region)", "SUBSTR": "SUBSTR(number, 2)",
    "SUBSTRING": "SUBSTRING(number FROM 2 FOR 3)", "SUBSTRING_INDEX": "SUBSTRING_INDEX(number, '-', 1)",
    "TRIM": "TRIM(LEADING 'T' FROM number)", "UNHEX": "CONVERT(UNHEX('546561') USING utf8mb4)",
    # conditions and conversions
    "CAST": "CAST(amount AS CHAR)", "CONVERT": "CONVERT(number USING utf8mb4)", "COALESCE": "COALESCE(note, '-')",
    "GREATEST": "GREATEST(amount, 10)", "IF": "IF(status = 1, 'paid', 'open')", "IFNULL": "IFNULL(note, '-')",
    "ISNULL": "ISNULL(note)", "LEAST": "LEAST(amount, 10)", "NULLIF": "NULLIF(note, '')",
    "INET6_NTOA": "INET6_NTOA(UNHEX('7F000001'))", "INET_NTOA": "INET_NTOA(2130706433)",
    # dates and times
    **{name: f"{name}({_AT})" for name in ("DATE", "DAY", "DAYNAME", "DAYOFMONTH", "DAYOFWEEK", "DAYOFYEAR", "HOUR",
                                           "LAST_DAY", "MICROSECOND", "MINUTE", "MONTH", "MONTHNAME", "QUARTER",
                                           "SECOND", "TIME", "TIMESTAMP", "TIME_TO_SEC", "TO_DAYS", "TO_SECONDS",
                                           "UNIX_TIMESTAMP", "WEEK", "WEEKDAY", "WEEKOFYEAR", "YEAR", "YEARWEEK")},
    **{name: f"{name}()" for name in ("CURDATE", "CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "CURTIME",
                                      "LOCALTIME", "LOCALTIMESTAMP", "NOW", "UTC_DATE", "UTC_TIME", "UTC_TIMESTAMP")},
    **{name: f"{name}({_AT}, INTERVAL 1 DAY)" for name in ("ADDDATE", "DATE_ADD", "DATE_SUB", "SUBDATE")},
    "ADDTIME": f"ADDTIME({_AT}, '01:00:00')", "SUBTIME": f"SUBTIME({_AT}, '01:00:00')",
    "CONVERT_TZ": f"CONVERT_TZ({_AT}, '+00:00', '+09:00')", "DATEDIFF": f"DATEDIFF(NOW(), {_AT})",
    "DATE_FORMAT": f"DATE_FORMAT({_AT}, '%Y-%m-%d %H:%i')", "EXTRACT": f"EXTRACT(YEAR FROM {_AT})",
    "FROM_DAYS": "FROM_DAYS(739000)", "FROM_UNIXTIME": "FROM_UNIXTIME(1767607200)",
    "GET_FORMAT": "GET_FORMAT(DATE, 'EUR')", "MAKEDATE": "MAKEDATE(2026, 5)", "MAKETIME": "MAKETIME(10, 20, 30)",
    "PERIOD_ADD": "PERIOD_ADD(202601, 2)", "PERIOD_DIFF": "PERIOD_DIFF(202601, 202511)",
    "SEC_TO_TIME": "SEC_TO_TIME(3600)", "STR_TO_DATE": f"STR_TO_DATE({_DAY}, '%Y-%m-%d')",
    "TIMEDIFF": "TIMEDIFF('10:00:00', '09:30:00')", "TIMESTAMPADD": f"TIMESTAMPADD(DAY, 1, {_AT})",
    "TIMESTAMPDIFF": f"TIMESTAMPDIFF(DAY, {_AT}, NOW())", "TIME_FORMAT": f"TIME_FORMAT({_AT}, '%H:%i')",
    # JSON
    **{name: f"{name}({_JSON})" for name in ("JSON_DEPTH", "JSON_KEYS", "JSON_LENGTH", "JSON_TYPE", "JSON_VALID")},
    "JSON_ARRAY": "JSON_ARRAY(number, amount)", "JSON_OBJECT": "JSON_OBJECT('number', number)",
    "JSON_CONTAINS": f"JSON_CONTAINS({_JSON}, '1', '$.a.b')",
    "JSON_CONTAINS_PATH": f"JSON_CONTAINS_PATH({_JSON}, 'one', '$.a')",
    "JSON_EXTRACT": f"JSON_EXTRACT({_JSON}, '$.a.b[0]')", "JSON_OVERLAPS": "JSON_OVERLAPS('[1, 2]', '[2, 3]')",
    "JSON_QUOTE": "JSON_QUOTE(number)", "JSON_SEARCH": f"JSON_SEARCH({_JSON}, 'one', 'x')",
    "JSON_UNQUOTE": f"JSON_UNQUOTE(JSON_EXTRACT({_JSON}, '$.c'))", "JSON_VALUE": f"JSON_VALUE({_JSON}, '$.c')",
}  # fmt: skip


def statement(name: str) -> str:
    """Return the SELECT of a lookup that calls this function."""
    return f"SELECT {CALLS[name]} AS x FROM orders WHERE id = :id"
