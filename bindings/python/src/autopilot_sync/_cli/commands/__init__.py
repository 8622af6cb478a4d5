"""The commands, each in a file of its own."""

from __future__ import annotations

from . import completion, doctor, help, status, sync

_ALL = (sync.COMMAND, status.COMMAND, doctor.COMMAND, completion.COMMAND, help.COMMAND)
COMMANDS = {command.name: command for command in _ALL}
DEFAULT = sync.COMMAND
