"""The commands, each in a file of its own."""

from __future__ import annotations

from . import completion, help, status, sync

COMMANDS = {command.name: command for command in (sync.COMMAND, status.COMMAND, completion.COMMAND, help.COMMAND)}
DEFAULT = sync.COMMAND
