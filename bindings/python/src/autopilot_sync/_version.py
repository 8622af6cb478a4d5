"""The version of the package, and of the library that it wants."""

VERSION = "0.1.0"
