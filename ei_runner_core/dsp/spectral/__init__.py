"""The block ``spectral_analysis``: what vibrations and movements are made of, axis by axis."""
