#include <stdint.h>

void arm_mean_f32(const float *values, uint32_t count, float *mean) {
    double sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        sum += values[i];
    }
    *mean = (float)(sum / count);
}
