"""The command that prints a script, with which a shell completes commands and options."""

from __future__ import annotations

import re
from argparse import Namespace
from typing import NamedTuple

from ..command import Command
from ..display import Quiet
from ..help_text import PROGRAM
from ..printer import Printer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Iterable, Mapping


class Option(NamedTuple):
    """An option as a shell needs it."""

    names: list[str]
    words: str
    values: list[str]
    """What may follow, if that is known."""
    metavar: str
    """What has to follow. Empty if nothing has to."""

    @property
    def is_file(self) -> bool:
        return self.metavar in ("FILE", "PATH")


def run(given: Namespace, _shown: Quiet, _printed: Printer) -> int:
    print(end=_SCRIPTS[given.operand](given.commands, options(given.parser)))
    return 0


def options(parser: ArgumentParser) -> list[Option]:
    """All options that the help shows."""
    return [
        Option(
            list(action.option_strings),
            re.split("[;:(]", action.help)[0].strip(),
            [str(one) for one in action.choices or ()],
            "" if action.nargs in (0, "?") else str(action.metavar),
        )
        for action in parser._actions
        if action.option_strings and action.help and action.help != "==SUPPRESS=="
    ]


def bash(commands: Mapping[str, Command], options: Iterable[Option]) -> str:
    cases = [
        *(_case([name], command.operands) for name, command in commands.items() if command.operands),
        *(_case(option.names, option.values) for option in options if option.values),
    ]
    files = "|".join(name for option in options if option.is_file for name in option.names)
    others = "|".join(
        name for option in options if option.metavar and not option.is_file and not option.values for name in option.names
    )
    return f"""\
# bash completion for {PROGRAM}: source <({PROGRAM} completion bash)
_autopilot_sync() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} words
    COMPREPLY=()
    case ${{COMP_WORDS[COMP_CWORD - 1]}} in
{"".join(cases)}\
    {files}) compopt -o default 2>/dev/null; return ;;
    {others}) return ;;
    *) if [[ $word == -* ]]; then
            words='{" ".join(name for option in options for name in option.names)}'
        else
            words='{" ".join(commands)}'
        fi ;;
    esac
    COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -F _autopilot_sync {PROGRAM}
"""


def _case(names: Iterable[str], words: Iterable[str]) -> str:
    return f"    {'|'.join(names)}) words='{' '.join(words)}' ;;\n"


def zsh(commands: Mapping[str, Command], options: Iterable[Option]) -> str:
    named = " ".join(f'{name}\\:"{_quoted(command.summary, ":")}"' for name, command in commands.items())
    operands = " ".join(word for command in commands.values() for word in command.operands)
    lines = []
    for option in options:
        value = "" if not option.metavar else f":{option.metavar}:{_zsh_values(option)}"
        excluded = f"({' '.join(option.names)})" if len(option.names) > 1 else ""
        lines += [f"{excluded}{name}[{_quoted(option.words, '[]:')}]{value}" for name in option.names]
    specs = " \\\n".join(f"        '{line}'" for line in lines)
    return f"""\
#compdef {PROGRAM}
# zsh completion for {PROGRAM}: source <({PROGRAM} completion zsh), or a file _{PROGRAM} in a folder of fpath
_{PROGRAM}() {{
    _arguments \\
{specs} \\
        '1:command:(({named}))' \\
        '2:operand:({operands})'
}}
if [[ $funcstack[1] == _{PROGRAM} ]]; then
    _{PROGRAM} "$@"
else
    compdef _{PROGRAM} {PROGRAM}
fi
"""


def _zsh_values(option: Option) -> str:
    return f"({' '.join(option.values)})" if option.values else "_files" if option.is_file else " "


def fish(commands: Mapping[str, Command], options: Iterable[Option]) -> str:
    start = f"complete -c {PROGRAM}"
    lines = [f"# fish completion for {PROGRAM}: {PROGRAM} completion fish | source", f"{start} -f"]
    for name, command in commands.items():
        lines.append(f"{start} -n __fish_use_subcommand -a {name} -d '{_quoted(command.summary)}'")
        if command.operands:
            lines.append(f"{start} -n '__fish_seen_subcommand_from {name}' -a '{' '.join(command.operands)}'")
    for option in options:
        names = " ".join(f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names)
        values = f" -x -a '{' '.join(option.values)}'" if option.values else ""
        takes = values or (" -r -F" if option.is_file else " -x" if option.metavar else "")
        lines.append(f"{start} {names}{takes} -d '{_quoted(option.words)}'")
    return "\n".join(lines) + "\n"


def powershell(commands: Mapping[str, Command], options: Iterable[Option]) -> str:
    described = {name: command.summary for name, command in commands.items()}
    described.update((name, option.words) for option in options for name in option.names)
    values = {name: command.operands for name, command in commands.items() if command.operands}
    values.update((name, tuple(option.values)) for option in options if option.metavar for name in option.names)

    def quoted(text: str) -> str:
        return "'" + text.replace("'", "''") + "'"

    names = "".join(f"        {quoted(name)} = {quoted(words)}\n" for name, words in described.items())
    lists = "".join(f"        {quoted(name)} = @({', '.join(map(quoted, words))})\n" for name, words in values.items())
    return f"""\
# PowerShell completion for {PROGRAM}: {PROGRAM} completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName {PROGRAM} -ScriptBlock {{
    param($word, $command, $position)
    $described = [ordered]@{{
{names}    }}
    $values = @{{
{lists}    }}
    $typed = @($command.CommandElements | ForEach-Object {{ $_.ToString() }})
    $before = if ($word) {{ $typed[-2] }} else {{ $typed[-1] }}
    $found = if ($values.ContainsKey($before)) {{ $values[$before] }} else {{ $described.Keys }}
    $found | Where-Object {{ $_ -like "$word*" }} | ForEach-Object {{
        $words = if ($described.Contains($_)) {{ $described[$_] }} else {{ $_ }}
        [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $words)
    }}
}}
"""


def _quoted(text: str, special: str = "") -> str:
    """Inside single quotes, which no text may end, with a backslash before special characters."""
    return "".join(f"\\{one}" if one in special else one for one in text.replace("'", "\u2019"))


_SCRIPTS = {"bash": bash, "zsh": zsh, "fish": fish, "powershell": powershell}
COMMAND = Command(
    "completion",
    f"print a script that completes commands and options: {', '.join(_SCRIPTS)}",
    run,
    operands=tuple(_SCRIPTS),
)
