"""Finds statements that may leave state in their session for later statements.

A statement is considered harmless only if it begins with a known harmless keyword and calls only PostgreSQL functions
that are known to keep no state.
"""

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg.sql import Composable

from django_runtimes.databases.postgresql.session.lexer import Token, TokenKind, split_statements


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_HARMLESS_BEGINNINGS = _words(
    "select with insert update delete merge values table show explain copy "
    "begin start commit end rollback abort savepoint release "
    "analyze vacuum truncate lock notify create alter drop comment grant revoke reindex cluster refresh"
)
# SET outlasts the transaction unless one of these words follows.
_SET_IN_TRANSACTION = frozenset({"local", "constraints", "transaction"})

# These words before a parenthesis are not function calls.
_KEYWORDS = _words(
    "all and any array as asc between by case cast check columns conflict cross cube current default desc distinct do "
    "else end escape except exists filter following for from full group grouping having ilike in inner insert "
    "intersect is join key lateral left like limit not null of offset on only or order outer over partition "
    "preceding range returning right rollup row rows select set sets similar some table then to union unique update "
    "using values when both leading trailing "
    "where window with within materialized recursive primary references "
    # types, which may have a length
    "bit char character varchar varying decimal numeric dec float time timestamp timestamptz timetz interval "
    # EXPLAIN and COPY take their options in parentheses
    "explain analyze verbose copy stdin stdout lock"
)

# PostgreSQL's functions that leave no state after their transaction.
STATELESS_FUNCTIONS = _words(
    # aggregates and window functions
    "array_agg avg bit_and bit_or bool_and bool_or corr count every json_agg json_object_agg jsonb_agg "
    "jsonb_object_agg max min mode percentile_cont percentile_disc range_agg regr_count stddev stddev_pop stddev_samp "
    "string_agg sum var_pop var_samp variance cume_dist dense_rank first_value lag last_value lead nth_value ntile "
    "percent_rank rank row_number "
    # conditions, numbers
    "coalesce greatest least nullif abs cbrt ceil ceiling degrees div exp floor ln log log10 mod pi power radians "
    "random round sign sqrt trunc width_bucket cos sin tan acos asin atan atan2 "
    # text
    "ascii bit_length btrim char_length character_length chr concat concat_ws convert_from convert_to decode encode "
    "format initcap left length lower lpad ltrim md5 octet_length overlay position quote_ident quote_literal "
    "regexp_like regexp_match regexp_matches regexp_replace regexp_split_to_array regexp_split_to_table repeat replace "
    "reverse right rpad rtrim sha224 sha256 sha384 sha512 split_part starts_with string_to_array strpos substr "
    "substring to_ascii to_hex translate trim unnest upper similarity word_similarity unaccent "
    # dates
    "age clock_timestamp current_date current_time current_timestamp date date_bin date_part date_trunc extract "
    "isfinite justify_days justify_hours localtime localtimestamp make_date make_interval make_time make_timestamp "
    "make_timestamptz now statement_timestamp timeofday timezone to_char to_date to_number to_timestamp "
    "transaction_timestamp "
    # JSON, arrays, ranges, UUIDs
    "array_append array_cat array_dims array_length array_lower array_ndims array_position array_positions "
    "array_prepend array_remove array_replace array_to_json array_to_string array_upper cardinality generate_series "
    "generate_subscripts gen_random_uuid uuid_generate_v4 uuidv4 uuidv7 json_array_elements json_array_elements_text "
    "json_array_length json_build_array json_build_object json_each json_each_text json_extract_path "
    "json_extract_path_text json_object json_object_keys json_populate_record json_typeof jsonb_array_elements "
    "jsonb_array_elements_text jsonb_array_length jsonb_build_array jsonb_build_object jsonb_each jsonb_each_text "
    "jsonb_extract_path jsonb_extract_path_text jsonb_insert jsonb_object jsonb_object_keys jsonb_path_exists "
    "jsonb_path_query jsonb_pretty jsonb_set jsonb_strip_nulls jsonb_to_record jsonb_to_recordset jsonb_typeof "
    "row_to_json to_json to_jsonb isempty lower_inc upper_inc "
    # full-text search
    "numnode phraseto_tsquery plainto_tsquery querytree setweight to_tsquery to_tsvector ts_headline ts_rank "
    "ts_rank_cd websearch_to_tsquery "
    # used by monitoring
    "current_database current_schema current_schemas current_setting current_user inet_client_addr inet_server_addr "
    "has_schema_privilege has_table_privilege obj_description pg_backend_pid pg_column_size pg_database_size "
    "pg_get_constraintdef pg_get_expr pg_get_indexdef pg_get_serial_sequence pg_get_userbyid pg_indexes_size "
    "pg_is_in_recovery pg_relation_size pg_size_pretty pg_sleep pg_table_is_visible pg_table_size "
    "pg_total_relation_size pg_type_is_visible pg_typeof pg_blocking_pids pg_cancel_backend pg_terminate_backend "
    "pg_notify session_user txid_current version format_type col_description "
    # locks that end with their transaction
    "pg_advisory_xact_lock pg_advisory_xact_lock_shared pg_try_advisory_xact_lock "
    "pg_try_advisory_xact_lock_shared "
    # stable or immutable in pg_proc, and used by applications and tools
    "any_value array_fill array_reverse array_sort bit_count convert gcd lcm factorial min_scale scale trim_scale "
    "sind cosd tand cotd asind acosd atand atan2d sinh cosh tanh asinh acosh atanh cot erf erfc "
    "is_normalized normalize num_nonnulls num_nulls parse_ident quote_nullable regexp_count regexp_instr "
    "regexp_substr string_to_table to_bin to_oct trim_array get_bit get_byte set_bit set_byte "
    "date_add date_subtract host hostmask family netmask network masklen set_masklen broadcast abbrev inet_merge "
    "inet_same_family inet_client_port inet_server_port "
    "json_populate_recordset json_strip_nulls json_to_record json_to_recordset jsonb_path_exists_tz "
    "jsonb_path_match jsonb_path_match_tz jsonb_path_query_array jsonb_path_query_array_tz jsonb_path_query_first "
    "jsonb_path_query_first_tz jsonb_path_query_tz jsonb_populate_record jsonb_populate_recordset jsonb_set_lax "
    "lower_inf upper_inf range_merge range_intersect_agg array_to_tsvector json_to_tsvector jsonb_to_tsvector strip "
    "ts_debug ts_delete ts_filter ts_lexize xmlagg xmlcomment xmlexists "
    "has_any_column_privilege has_column_privilege has_database_privilege has_function_privilege "
    "has_sequence_privilege has_type_privilege row_security_active get_current_ts_config "
    "pg_function_is_visible pg_get_functiondef pg_get_function_arguments pg_get_function_identity_arguments "
    "pg_get_function_result pg_get_partkeydef pg_get_ruledef pg_get_triggerdef pg_get_viewdef pg_get_keywords "
    "pg_stat_get_activity pg_current_snapshot pg_current_xact_id pg_current_xact_id_if_assigned pg_snapshot_xip "
    "pg_snapshot_xmax pg_snapshot_xmin pg_visible_in_snapshot txid_current_if_assigned txid_current_snapshot "
    "txid_snapshot_xip txid_snapshot_xmax txid_snapshot_xmin txid_visible_in_snapshot "
    "to_regclass to_regcollation to_regnamespace to_regoper to_regoperator to_regproc to_regprocedure to_regrole "
    "to_regtype"
)
# After these words, a name before a parenthesis is a table, a CTE or an alias with columns.
_BEFORE_NAMES = frozenset({"into", "with", "recursive", "as", "copy"})
# A call may follow DISTINCT ON (…), RETURNING WITH (…) and OPERATOR (…).
_BEFORE_CALLS = tuple(Token(TokenKind.WORD, word) for word in ("on", "with", "operator"))
_TIME_ZONE = [Token(TokenKind.WORD, "time"), Token(TokenKind.WORD, "zone")]
# Words of a CREATE statement that makes an object of the session, or that runs a prepared statement.
_OF_THE_SESSION = frozenset({"temp", "temporary", "pg_temp", "execute"})
# Statements that may leave state, and that EXPLAIN ANALYZE would execute.
_EXPLAINED_BUT_NOT_HARMLESS = frozenset({"create", "execute", "declare", "refresh"})


def may_leave_state(sql: str) -> bool:
    """Return whether a statement of the text may leave state for later statements of the session."""
    return any(_is_suspect(tokens) for tokens in split_statements(sql))


def _is_suspect(tokens: Sequence[Token]) -> bool:
    first = next((token for token in tokens if token != (TokenKind.MARK, "(")), None)
    if first is None or first.kind is not TokenKind.WORD:
        return True
    words = {token.text for token in tokens if token.kind is TokenKind.WORD}
    if first.text == "set":
        return len(tokens) < 2 or tokens[1].text not in _SET_IN_TRANSACTION
    if first.text not in _HARMLESS_BEGINNINGS:
        return True
    if first.text == "create" and (words & _OF_THE_SESSION or any(map(_is_temporary_schema, tokens))):
        return True
    if first.text == "explain" and words & _EXPLAINED_BUT_NOT_HARMLESS:
        return True
    return _makes_table(tokens) or any(
        _is_unknown_call(tokens, at) for at in range(len(tokens) - 1) if tokens[at + 1] == (TokenKind.MARK, "(")
    )


def _is_temporary_schema(token: Token) -> bool:
    """Match numbered schemas and quoted names too, which may escape letters (`U&"pg\\005ftemp"`)."""
    return token.kind in (TokenKind.WORD, TokenKind.QUOTED) and (token.text.startswith("pg_temp") or "\\" in token.text)


def _makes_table(tokens: Sequence[Token]) -> bool:
    """Return whether this is SELECT … INTO, which may create a temporary table, unlike INSERT INTO and MERGE INTO."""
    return any(
        token == (TokenKind.WORD, "into")
        and tokens[at - 1] not in ((TokenKind.WORD, "insert"), (TokenKind.WORD, "merge"))
        for at, token in enumerate(tokens)
    )


def _is_alias(tokens: Sequence[Token], at: int) -> bool:
    """Return whether the name is the alias of a subquery or of a function's rows: `(…) name(column, …)`."""
    if at == 0 or tokens[at - 1] != (TokenKind.MARK, ")"):
        return False
    depth = 0
    for start in range(at - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(tokens[start].text, 0) if tokens[start].kind is TokenKind.MARK else 0
        if depth == 0:
            return start > 0 and tokens[start - 1] not in _BEFORE_CALLS
    return False


def _is_unknown_call(tokens: Sequence[Token], at: int) -> bool:
    """Return whether the token before a parenthesis may name a function that keeps state."""
    name = tokens[at]
    if name.kind not in (TokenKind.WORD, TokenKind.QUOTED):
        return False
    start = at
    while start > 1 and tokens[start - 1] == (TokenKind.MARK, "."):
        start -= 2
    if start > 0 and tokens[start - 1].kind is TokenKind.WORD and tokens[start - 1].text in _BEFORE_NAMES:
        return False
    if start == at and (_is_alias(tokens, at) or list(tokens[max(at - 1, 0) : at + 1]) == _TIME_ZONE):
        return False
    if start < at and tokens[start].text != "pg_catalog":
        return True
    if name.kind is TokenKind.WORD and name.text in _KEYWORDS:
        return False
    return name.text not in STATELESS_FUNCTIONS


def text_of(query: object, cursor: psycopg.Cursor[Any]) -> str | None:
    """Return the text of a statement as psycopg accepts it; None for other types."""
    match query:
        case str():
            return query
        case bytes():
            return query.decode(errors="replace")
        case Composable():
            return query.as_string(cursor)
        case _:
            return None
