#pragma once

#include <stddef.h>

// The mean energy of a signal, from its spectrum.
float kiss_fft_energy(const float *values, size_t count);
