"""The command line: one module per verb, and nothing else."""
