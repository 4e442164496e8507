"""The execution environments of an emulated function."""
