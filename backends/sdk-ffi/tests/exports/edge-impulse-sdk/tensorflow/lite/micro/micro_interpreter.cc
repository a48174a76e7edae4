// Runs the one network with weights that the tests bring: a dense layer with a sigmoid behind it.
#include <stddef.h>

#include <cmath>
#include <cstring>

namespace tflite {

void run_dense(const unsigned char *model, size_t weights, size_t biases, const float *input, size_t input_count,
               float *output, size_t output_count) {
    auto value = [model](size_t start, size_t position) {
        float found;
        std::memcpy(&found, model + start + position * sizeof found, sizeof found);
        return found;
    };
    for (size_t i = 0; i < output_count; i++) {
        double sum = value(biases, i);
        for (size_t j = 0; j < input_count; j++) {
            sum += double(value(weights, i * input_count + j)) * input[j];
        }
        output[i] = float(1 / (1 + std::exp(-sum)));
    }
}

}  // namespace tflite
