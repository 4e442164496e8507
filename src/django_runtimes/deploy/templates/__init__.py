"""Finds and reads the CloudFormation templates, validates their parameters, and copies them into a project."""
