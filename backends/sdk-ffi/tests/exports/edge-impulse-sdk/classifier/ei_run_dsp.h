// From a signal to features.
#pragma once

#include <algorithm>
#include <vector>

#include "edge-impulse-sdk/classifier/ei_model_types.h"
#include "edge-impulse-sdk/dsp/image/processing.hpp"
#include "edge-impulse-sdk/dsp/kissfft/kiss_fft.h"

static std::vector<float> values_of(ei::signal_t *signal) {
    std::vector<float> values(signal->total_length);
    signal->get_data(0, values.size(), values.data());
    return values;
}

// The values as they are.
inline int extract_raw_features(ei::signal_t *signal, ei::matrix_t *output, void *, float) {
    return signal->get_data(0, signal->total_length, output->buffer);
}

// The energy of each slice; this block can work on a slice alone.
inline int extract_mfe_features(ei::signal_t *signal, ei::matrix_t *output, void *, float) {
    const std::vector<float> values = values_of(signal);
    const size_t slices = std::max<size_t>(values.size() / EI_CLASSIFIER_SLICE_SIZE, 1);
    for (size_t i = 0; i < slices; i++) {
        output->buffer[i] = kiss_fft_energy(&values[i * EI_CLASSIFIER_SLICE_SIZE], EI_CLASSIFIER_SLICE_SIZE);
    }
    return 0;
}

// How bright each pixel is.
inline int extract_image_features(ei::signal_t *signal, ei::matrix_t *output, void *, float) {
    const std::vector<float> values = values_of(signal);
    std::transform(values.begin(), values.end(), output->buffer,
                   [](float pixel) { return ei::image::brightness(uint32_t(pixel)); });
    return 0;
}
