"""The peers' Lambda handlers, each set up as its documentation says."""
