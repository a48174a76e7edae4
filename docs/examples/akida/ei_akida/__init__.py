"""Runs ``.fbz`` networks on BrainChip's Akida, or in its software simulation, for ei-runner."""
