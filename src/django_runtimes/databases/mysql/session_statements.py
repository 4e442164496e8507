"""Judges by its text whether a statement may leave state in a session of MySQL."""

import re

# Strings, and texts in double quotes or backquotes, which may be names; a backslash escapes the next character.
_QUOTED = re.compile(r"""(?P<string>'(?:[^'\\]|\\.|'')*')|"(?:[^"\\]|\\.|"")*"|`[^`]*`""", re.DOTALL)
# In the place of a quoted name, so that a function whose name is quoted is found as well.
_NAME = " $quoted "
_STATELESS = re.compile(
    r"\s*(?:\(\s*)*(?:SELECT|INSERT|UPDATE|DELETE|REPLACE|SHOW|EXPLAIN|SAVEPOINT|RELEASE\s+SAVEPOINT|ROLLBACK\s+TO)\b",
    re.IGNORECASE,
)
# Variables, further statements and comments, in which the server may find statements too, and the next value of a
# sequence, which stays the session's last one.
_MARKS = re.compile(r"[@;#]|/\*|--|\bNEXT\s+VALUE\s+FOR\b", re.IGNORECASE)
# Spaces may surround the point between a schema and a name.
_POINT = re.compile(r"\s*\.\s*")
# A name may begin with a digit, and has every character beyond ASCII.
_WORD = r"[\w$.\u0080-\U0010ffff]+"
# The table of an INSERT, whose columns follow in brackets.
_TABLE = re.compile(rf"\A\s*(?:INSERT|REPLACE)\s+(?:IGNORE\s+)?INTO\s+{_WORD}\s*(?=\()", re.IGNORECASE)
_CALLED = re.compile(rf"({_WORD})\s*\(")
# The words before brackets in the SQL of Django's ORM and schema editor. Any other one may be a function of the
# database, which may set variables.
_WORDS = """
all and any as between by case cross distinct else exists from group having in inner into is join key left like not
null on or order outer over partition regexp returning right select set some then union using value values when
where with abs acos asin atan atan2 avg bit_and bit_or bit_xor binary cast ceiling char char_length coalesce concat
concat_ws conv convert convert_tz cos cot count cume_dist date date_add date_format date_sub dayofmonth dayofweek
dayofyear decimal degrees dense_rank exp extract first_value floor greatest group_concat hex hour if ifnull instr
interval json_array json_arrayagg json_contains json_contains_path json_extract json_keys json_length json_object
json_quote json_type json_unquote json_valid json_value lag last_day last_value lcase lead least length ln locate
log lower lpad ltrim makedate max md5 microsecond min minute mod month now nth_value ntile nullif ord percent_rank
pi pow power quarter radians rand rank regexp_replace repeat replace reverse round row_number rpad rtrim sec_to_time
second sha1 sha2 sign sin sqrt std stddev_pop stddev_samp str_to_date strcmp substr substring sum sysdate tan time
time_format time_to_sec timestamp timestampadd timestampdiff to_days trim truncate ucase unhex unix_timestamp upper
utc_timestamp uuid var_pop var_samp variance week weekday weekofyear xor year yearweek current_date current_time
current_timestamp localtime localtimestamp varchar numeric signed unsigned datetime database version connection_id
"""
_KNOWN = frozenset(_WORDS.split())


def may_leave_state(sql: str) -> bool:
    """Return whether a statement with its values may change the session for later statements.

    Triggers, views and the functions in a column's default value or in a constraint do not appear in the text.
    """
    text = _POINT.sub(".", _QUOTED.sub(lambda found: "''" if found["string"] else _NAME, sql))
    if _STATELESS.match(text) is None or _MARKS.search(text) is not None:
        return True
    return any(name.lower() not in _KNOWN for name in _CALLED.findall(_TABLE.sub("", text)))
