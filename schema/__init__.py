"""The curated schema of the records, and where to find it."""

from pathlib import Path

SCHEMA_FILE = Path(__file__).with_name("schema.pbtxt")
