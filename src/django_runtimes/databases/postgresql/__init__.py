"""Django's engine for PostgreSQL, whose logins may change and whose connections recover and stay in their process."""
