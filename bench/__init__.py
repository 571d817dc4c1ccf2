"""What the project's own code costs, measured in the sandbox on this machine.

A no-change preview of prod beside that of an empty AWS program, the CPU time of prod's program, filling a pipeline
definition, and training a model from start to end.
"""
