"""The report: one page of HTML about a project's data, features and models, which needs nothing else to be read."""
