"""What Django takes for a connection and its cursors."""
