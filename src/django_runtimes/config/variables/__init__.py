"""The variables that the library reads, each a typed object; `table` holds them all, by group."""

# The launcher reads this variable before it imports the table.
MODULE_BUNDLE_NAME = "WEBAPP_MODULE_BUNDLE"
