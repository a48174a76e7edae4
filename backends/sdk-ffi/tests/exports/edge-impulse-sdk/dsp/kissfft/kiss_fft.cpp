#include "edge-impulse-sdk/dsp/kissfft/kiss_fft.h"

#include <cmath>

float kiss_fft_energy(const float *values, size_t count) {
    double energy = 0;
    for (size_t k = 0; k < count; k++) {
        double real = 0, imaginary = 0;
        for (size_t i = 0; i < count; i++) {
            const double angle = 2 * M_PI * double(k * i % count) / double(count);
            real += values[i] * std::cos(angle);
            imaginary -= values[i] * std::sin(angle);
        }
        energy += real * real + imaginary * imaginary;
    }
    return float(energy / double(count) / double(count));
}
