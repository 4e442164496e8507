"""What a comparison needs of a database server, for each engine."""
