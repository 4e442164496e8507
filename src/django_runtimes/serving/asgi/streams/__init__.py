"""Answers of synchronous iterators and files, sent piece by piece."""
