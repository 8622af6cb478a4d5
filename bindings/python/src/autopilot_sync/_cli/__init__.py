"""The command line `autopilot-sync`. Nothing of the package imports it."""
