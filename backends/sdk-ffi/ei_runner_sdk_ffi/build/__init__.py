"""From an export to a shared library: what is compiled, how, and where it is kept."""
