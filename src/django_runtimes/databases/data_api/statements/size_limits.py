"""The limits of the Data API, as its guide states them."""

STATEMENT_MAX_BYTES = 64 * 1024
REQUEST_MAX_BYTES = 4 * 1024 * 1024
RESULT_MAX_BYTES = 1024 * 1024
ROW_MAX_BYTES = 64 * 1024

# The longest values of a statement that would be too long are sent beside its text; those above the second size only
# where this does not suffice, since a parameter has a type of its own, which an untyped literal has not.
LONG_VALUE_BYTES = (4096, 512)
