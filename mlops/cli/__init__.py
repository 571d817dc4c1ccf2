"""The commands, as Typer reads them from the line; what they do is in the modules above."""
