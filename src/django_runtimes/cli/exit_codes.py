"""The exit codes of all verbs of `webapp`."""

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
# BSD's EX_CONFIG; the launcher uses it for the same reason.
EXIT_CONFIGURATION = 78
# What a shell reports for a command that Ctrl-C ended.
EXIT_INTERRUPTED = 130
