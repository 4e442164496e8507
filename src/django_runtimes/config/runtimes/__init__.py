"""The services that may run the process: how they are told apart, and what each implies."""
