"""An engine on psycopg2.pool, for which Django has none."""
