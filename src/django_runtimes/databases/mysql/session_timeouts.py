"""The limits that a session sets for itself, since MySQL stores none with a user."""


def timeouts_statement(
    server: str, *, statement_timeout: float | None, idle_transaction_timeout: float | None
) -> str | None:
    """Return the statement that sets the limits, in seconds, or None; `server` is the version that the server reports.

    MySQL limits only reading statements, so its waits for locks are limited too. It has no limit for idle transactions.
    """
    is_mariadb = "mariadb" in server.lower()
    settings: dict[str, str] = {}
    if statement_timeout:
        settings["innodb_lock_wait_timeout"] = f"{max(1, round(statement_timeout))}"
        if is_mariadb:
            settings["max_statement_time"] = f"{statement_timeout:g}"
        else:
            settings["max_execution_time"] = f"{round(statement_timeout * 1000)}"
    if idle_transaction_timeout and is_mariadb:
        settings["idle_transaction_timeout"] = f"{round(idle_transaction_timeout)}"
    if not settings:
        return None
    return "SET SESSION " + ", ".join(f"{name} = {value}" for name, value in settings.items())
