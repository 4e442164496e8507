"""Asks whether AWS has what a stage's parameters name: certificates, zones, secrets, instance classes."""
