"""Rules on resources before they are deployed, a file per subject; none of them needs the engine to be judged."""
