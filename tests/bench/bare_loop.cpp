// What run_classifier takes without anything around it, for the benchmark of a call.
//
// The only argument is a file with one window, float32. For each line of standard input, a number
// of calls, a line tells the nanoseconds that they took together, or the code of the first failure,
// which is negative.
#include <chrono>
#include <cstdio>
#include <cstring>
#include <vector>

#include "edge-impulse-sdk/classifier/ei_run_classifier.h"

static std::vector<float> read_window(const char *path) {
    std::vector<float> window(EI_CLASSIFIER_DSP_INPUT_FRAME_SIZE);
    FILE *file = std::fopen(path, "rb");
    const size_t count = file ? std::fread(window.data(), sizeof(float), window.size(), file) : 0;
    if (file) {
        std::fclose(file);
    }
    window.resize(count);
    return window;
}

int main(int, char **arguments) {
    std::vector<float> window = read_window(arguments[1]);
    signal_t signal;
    signal.total_length = window.size();
    signal.get_data = [&window](size_t offset, size_t length, float *out) {
        std::memcpy(out, window.data() + offset, length * sizeof *out);
        return 0;
    };
    run_classifier_init();
    for (unsigned calls; std::scanf("%u", &calls) == 1;) {
        int failure = 0;
        const auto begin = std::chrono::steady_clock::now();
        for (unsigned i = 0; i < calls && failure == 0; i++) {
            ei_impulse_result_t result = {};
            failure = run_classifier(&signal, &result, false);
        }
        const std::chrono::nanoseconds taken = std::chrono::steady_clock::now() - begin;
        std::printf("%lld\n", failure ? static_cast<long long>(failure) : static_cast<long long>(taken.count()));
        std::fflush(stdout);
    }
}
