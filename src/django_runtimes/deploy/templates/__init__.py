"""Finds and reads the CloudFormation templates, completes them, and copies them into a project."""
