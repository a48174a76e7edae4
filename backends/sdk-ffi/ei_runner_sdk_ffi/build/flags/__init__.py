"""What each engine, platform and flag adds to a build: one module for each."""
