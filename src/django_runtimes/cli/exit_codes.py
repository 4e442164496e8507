"""The exit codes of all verbs of `webapp`."""

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
# BSD's EX_CONFIG, with which the launcher also exits.
EXIT_CONFIGURATION = 78
# A shell reports this code for a command that Ctrl-C ended.
EXIT_INTERRUPTED = 130
