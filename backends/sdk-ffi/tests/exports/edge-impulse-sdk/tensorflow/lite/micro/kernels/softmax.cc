#include <stddef.h>

#include <cmath>

namespace tflite {

void softmax(float *values, size_t count) {
    float sum = 0;
    for (size_t i = 0; i < count; i++) {
        values[i] = std::exp(values[i]);
        sum += values[i];
    }
    for (size_t i = 0; i < count; i++) {
        values[i] /= sum;
    }
}

}  // namespace tflite
