"""The report of a run and its model card: artifacts are collected, drawn, and written as one file each."""
