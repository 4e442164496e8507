"""Based on Django's engine, which cannot tell when it needs its thread."""
