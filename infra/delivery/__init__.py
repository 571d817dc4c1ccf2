"""What continuous delivery needs in an account."""
