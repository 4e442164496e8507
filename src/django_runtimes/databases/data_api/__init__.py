"""The engine `django_runtimes.databases.data_api`: Django on PostgreSQL through the Data API of Aurora."""
