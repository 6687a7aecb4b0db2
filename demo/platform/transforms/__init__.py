"""How an event gets the columns that features need beside those that its line says."""
