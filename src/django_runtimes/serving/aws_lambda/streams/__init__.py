"""Responses that leave a Lambda function chunk by chunk."""
