"""Made of the engine of Django, which cannot say when it needs its thread."""
