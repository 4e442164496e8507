"""Stores the stand-in's state on disk: documents by kind and key, and append-only lists."""

import json
import sqlite3
from pathlib import Path
from typing import Any

Document = dict[str, Any]

# Another process that reads the file may stand still on a busy machine.
LOCK_TIMEOUT_S = 60.0


class State:
    """A store that survives SIGKILL: each call is its own transaction."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, timeout=LOCK_TIMEOUT_S, isolation_level=None)
        # This protects against a killed process; a crash of the machine ends the test anyway.
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS documents (kind TEXT, key TEXT, body TEXT, PRIMARY KEY (kind, key))"
        )
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS entries (number INTEGER PRIMARY KEY AUTOINCREMENT, list TEXT, body TEXT)"
        )
        self._database.execute("CREATE INDEX IF NOT EXISTS entries_by_list ON entries (list, number)")

    def get(self, kind: str, key: str) -> Document | None:
        row = self._database.execute("SELECT body FROM documents WHERE kind = ? AND key = ?", (kind, key)).fetchone()
        return None if row is None else json.loads(row[0])

    def put(self, kind: str, key: str, document: Document) -> None:
        self._database.execute("INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", (kind, key, json.dumps(document)))

    def delete(self, kind: str, key: str) -> None:
        self._database.execute("DELETE FROM documents WHERE kind = ? AND key = ?", (kind, key))

    def all(self, kind: str, prefix: str = "") -> list[Document]:
        """Return all documents of a kind whose key starts with `prefix`, sorted by key."""
        rows = self._database.execute(
            "SELECT body FROM documents WHERE kind = ? AND substr(key, 1, ?) = ? ORDER BY key",
            (kind, len(prefix), prefix),
        )
        return [json.loads(body) for (body,) in rows]

    def append(self, name: str, entry: Document) -> int:
        """Append an entry and return its number, which is larger than all earlier ones."""
        cursor = self._database.execute("INSERT INTO entries (list, body) VALUES (?, ?)", (name, json.dumps(entry)))
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def entries(self, name: str) -> list[Document]:
        """Return a list's entries, oldest first, each with its `number`."""
        rows = self._database.execute("SELECT number, body FROM entries WHERE list = ? ORDER BY number", (name,))
        return [{**json.loads(body), "number": number} for number, body in rows]

    def next_number(self, name: str) -> int:
        """Return 1, 2, 3, … for each name, never the same number twice."""
        document = self.get("counter", name) or {"value": 0}
        self.put("counter", name, {"value": document["value"] + 1})
        return int(document["value"]) + 1

    def close(self) -> None:
        self._database.close()
