"""Keys of an account and who may use them."""
