"""Settings for all tests of the core."""

from hypothesis import settings

# A shared machine may stall in any test, and a failure must come back in the next run.
settings.register_profile("ei_runner", deadline=None, derandomize=True, database=None)
settings.load_profile("ei_runner")
