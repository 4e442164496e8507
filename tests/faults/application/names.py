"""Names that the application and the cases agree on."""

# The file in STATIC_ROOT that names the process which has stopped itself.
STOPPED = "stopped"
# The variable that makes the application ask the database while it starts, and the file with the answer.
ASK_AT_START = "FAULTS_ASK_AT_START"
ASKED_AT_START = "asked-at-start"
# The variables that make tokens short-lived: when another is signed, and until when the former one serves meanwhile.
TOKEN_REFRESH_AFTER_S = "FAULTS_TOKEN_REFRESH_AFTER_S"
TOKEN_USABLE_FOR_S = "FAULTS_TOKEN_USABLE_FOR_S"
