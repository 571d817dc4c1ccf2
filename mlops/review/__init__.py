"""What people review before and after a deployment: the pull request's comment, and the nightly drift report."""
