"""The model package groups and who may reach them."""
