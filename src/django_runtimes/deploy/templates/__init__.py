"""The CloudFormation templates: where they come from, what they ask for, and how a project gets its own."""
