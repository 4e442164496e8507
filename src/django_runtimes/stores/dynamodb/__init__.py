"""The cache and the sessions in a DynamoDB table."""
