"""An application whose migrations stop half-way when a test requires it, for databases without transactional DDL."""
