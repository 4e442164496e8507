"""The steps of a decision, each about one part of the settings: it reads the variables and fills the draft."""
