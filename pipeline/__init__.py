"""What runs and in which order: settings, profiles, the one pipeline definition and the local runner."""
