"""Machines that look for faults: fuzzers, mutants, failing system calls, kills. docs/reliability.md has the figures."""
