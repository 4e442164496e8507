"""The engine of mssql-django for SQL Server, on pyodbc and Microsoft's driver."""
