"""Machines that look for faults: fuzzers, changed code, failing system calls, kills. docs/reliability.md describes them."""
