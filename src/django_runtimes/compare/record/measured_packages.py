"""The packages whose versions a run records."""

MEASURED_PACKAGES = ("django", "mangum", "awslambdaric", "uvicorn", "gunicorn", "psycopg", "psycopg-pool")
