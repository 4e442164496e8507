"""Makes the process of a Lambda function safe for SnapStart, which restores many environments from one snapshot."""
