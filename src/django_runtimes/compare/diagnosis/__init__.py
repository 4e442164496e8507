"""Why a target failed: what its own log says, and what sets it apart from a target that worked."""
