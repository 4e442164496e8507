"""The cache and the sessions in one store: Redis or Valkey, DynamoDB, or memory."""
