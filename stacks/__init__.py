"""The three programs, one per account: what is in it, composed of the components in ``infra``."""
