"""Migrations without a session: a lock and settings that belong to transactions."""
