"""The policy documents of the three stacks as one JSON: who there is, what there is, and what each document says."""
