"""Registers the reference application with Django."""

from django.apps import AppConfig


class ApplicationConfig(AppConfig):
    name = "benchmarks.application"
    label = "reference"
