"""Emulates AWS Lambda: real `awslambdaric` processes behind a local Runtime API and function URL."""
