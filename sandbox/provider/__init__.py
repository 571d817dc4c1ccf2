"""A ``pulumi-resource-aws`` plugin in Python for the resource types that the stacks use, with the real one's names."""
