"""Every variable that this library reads: a typed object each, by group; `table` holds them all."""
