# shellcheck shell=bash
# Takes code blocks from a page, for scripts to source. The script must define fail(), and `root`.

# Runs a page's commands.
follow() { # PAGE LANGUAGE [TEXT]
    local commands
    commands=$(block "$@") && eval "$commands"
}

# Prints the code blocks of a page in this language: those with this text, or all.
block() { # PAGE LANGUAGE [TEXT]
    awk -v fence="\`\`\`$2" -v text="${3:-}" '
        $0 == fence { on = 1; block = ""; next }
        on && /^```$/ { on = 0; if (text == "" || index(block, text)) { printf "%s", block; found = 1 } }
        on { block = block $0 "\n" }
        END { exit !found }' "$root/$1" || fail "$1 has no $2 block with '${3:-}'"
}
