"""The curated schemas, of the records and of what is kept of films in use, and where to find them."""

from pathlib import Path

SCHEMA_FILE = Path(__file__).with_name("schema.pbtxt")
SAMPLES_FILE = Path(__file__).with_name("samples.pbtxt")
