"""The embedded AWS: three accounts on loopback for people and tests that have none in the cloud."""
