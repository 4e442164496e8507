"""The worker processes of an execution environment of Lambda Managed Instances."""
