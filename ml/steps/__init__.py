"""Scripts that run in AWS's containers: a file each, with nothing of this project, and nothing installed."""
