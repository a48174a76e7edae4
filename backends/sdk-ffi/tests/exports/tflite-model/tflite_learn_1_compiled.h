// The network as code: each score is the mean of its part of the features, then softmax.
#pragma once

#include "edge-impulse-sdk/classifier/ei_model_types.h"

EI_IMPULSE_ERROR tflite_learn_1_invoke(const float *input, size_t input_count, float *output, size_t output_count);
