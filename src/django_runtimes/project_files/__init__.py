"""`webapp init`: changes the files of a project so that it runs on every runtime, and takes the changes back."""
