"""Calls autopilot_sync with each argument, "NULL" for none, and prints the results."""

import ctypes
import os
import sys

library = ctypes.CDLL("libautopilot_sync.so")
for argument in sys.argv[1:]:
    print(library.autopilot_sync(None if argument == "NULL" else os.fsencode(argument)))
