"""Judges by its text whether a statement may leave state in a session of MySQL."""

import re

# Strings and quoted names; a backslash escapes the next character of a string.
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`[^`]*`""", re.DOTALL)
_STATELESS = re.compile(
    r"\s*(?:\(\s*)*(?:SELECT|INSERT|UPDATE|DELETE|REPLACE|SHOW|EXPLAIN|SAVEPOINT|RELEASE\s+SAVEPOINT|ROLLBACK\s+TO)\b",
    re.IGNORECASE,
)
# Variables, further statements and comments, in which the server may find statements too.
_MARKS = re.compile(r"[@;#]|/\*|--")
_CALLED = re.compile(r"([A-Za-z_$][\w$.]*)\s*\(")
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
    text = _QUOTED.sub("''", sql)
    if _STATELESS.match(text) is None or _MARKS.search(text) is not None:
        return True
    return any(name.lower() not in _KNOWN for name in _CALLED.findall(text))
