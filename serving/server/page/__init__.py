"""The page: one HTML, one style sheet, one script, and what they ask the server."""
