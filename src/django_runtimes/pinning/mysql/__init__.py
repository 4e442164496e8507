"""The statements of MySQL that pin a client of RDS Proxy."""
