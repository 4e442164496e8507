"""The name of the variable that the launcher reads before it imports the table."""

MODULE_BUNDLE_NAME = "WEBAPP_MODULE_BUNDLE"
