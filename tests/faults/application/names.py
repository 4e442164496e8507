"""Names that the application shares with the cases."""

# The file in STATIC_ROOT to which a process writes its ID before it stops itself.
STOPPED = "stopped"
# The variable that makes the application query the database while it starts, and the file with the result.
QUERY_AT_START = "FAULTS_ASK_AT_START"
BACKEND_AT_START = "backend-at-start"
# The variables that make tokens short-lived: the age at which a new token is signed, and the age up to which the former
# token is still used.
TOKEN_REFRESH_AFTER_S = "FAULTS_TOKEN_REFRESH_AFTER_S"
TOKEN_USABLE_FOR_S = "FAULTS_TOKEN_USABLE_FOR_S"
