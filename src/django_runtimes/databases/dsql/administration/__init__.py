"""The answers that only operations and the doctor need."""
