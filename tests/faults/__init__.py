"""The system under faults, with figures; `make faults` runs the cases and reports them."""
