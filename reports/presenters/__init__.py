"""What the dense pages of the reports app show, gathered before a template sees it."""
