# shellcheck shell=bash
# Says how long each way to install takes, up to the emulator's answer, for scripts to source.
way() { echo "try: $*" && SECONDS=0; }
works() { echo "try: it works, after $SECONDS s"; }
