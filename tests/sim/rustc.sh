#!/bin/sh
# The compiler for tests/mutants.sh: the project's own crates can be told to be wrong.
exec "$@" --cfg mutant
