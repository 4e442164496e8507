"""The threads that requests run on: waiting for one, holding one and cleaning it up."""
