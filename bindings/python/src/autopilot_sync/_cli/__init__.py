"""The command line `autopilot-sync`. The rest of the package does not import it."""
