"""The variables that the library reads, each a typed object; `table` holds them all, by group."""
