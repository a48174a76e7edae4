// The functions of ei_runner.h over the SDK of the export.
#include "ei_runner.h"

#include <algorithm>
#include <cstring>
#include <exception>
#include <memory>

#include "answers.hpp"
#include "description.hpp"
#include "finite.hpp"
#include "freeform.hpp"
#include "log.hpp"

#if EI_RUNNER_NETWORK_CALLBACK == 1 || EI_RUNNER_TFLITE_C == 1
#include "tensorflow/ei_runner_network.h"
#define EI_RUNNER_HAS_NETWORKS 1
#endif

namespace {

enum Status : int32_t { OK = 0, NOT_FINITE = 1, WRONG_COUNT = 2, THROWN = 3, NO_THRESHOLD = 4 };

struct Runner {
    Runner() : answers(instance), window_count(size_t(ei_runner::sizes_of(instance).window)) {}

    ei_runner::Instance instance;
    ei_runner::Answers answers;
    ei_runner::Freeform freeform;
    std::string description;
    size_t window_count;
    size_t slice_count = 0;
};

std::unique_ptr<Runner> runner;
std::string thrown;

// Runs what may throw; an exception must not leave the library.
template <typename Work>
int32_t guarded(Work work) {
    try {
        return work();
    } catch (const std::exception &error) {
        thrown = error.what();
    } catch (...) {
        thrown = "something that is no std::exception";
    }
    return THROWN;
}

using Classify = EI_IMPULSE_ERROR (ei_runner::Model::*)(signal_t *, ei_impulse_result_t *, bool);

int32_t run(Classify classify, const float *values, size_t count, bool debug, ei_runner_result &answer) {
    if (!ei_runner::is_finite(values, count)) {
        return NOT_FINITE;
    }
    signal_t signal;
    signal.total_length = count;
    signal.get_data = [values](size_t offset, size_t length, float *out) {
        std::memcpy(out, values + offset, length * sizeof *out);
        return 0;
    };
    static ei_impulse_result_t result;
    result = {};
    const EI_IMPULSE_ERROR status = (runner->instance.*classify)(&signal, &result, debug);
    if (status == EI_IMPULSE_OK) {
        runner->answers.fill(answer, result);
        runner->freeform.fill(answer);
    }
    return status;
}

}  // namespace

int32_t ei_runner_abi(void) { return 1; }

int32_t ei_runner_network_host(void) {
#if EI_RUNNER_NETWORK_CALLBACK == 1
    return 1;
#else
    return 0;
#endif
}

int32_t ei_runner_open(ei_runner_log log) {
    return guarded([log] {
        ei_runner::set_log(log);
        runner = std::make_unique<Runner>();
        runner->instance.init();
        return static_cast<int32_t>(runner->freeform.attach(runner->instance));
    });
}

const char *ei_runner_description(void) {
    runner->description = ei_runner::describe(runner->instance);
    return runner->description.c_str();
}

int32_t ei_runner_classify(const float *window, size_t count, int32_t debug, ei_runner_result *result) {
    if (count != runner->window_count) {
        return WRONG_COUNT;
    }
    return guarded([=] { return run(&ei_runner::Model::classify, window, count, debug != 0, *result); });
}

int32_t ei_runner_classify_slice(const float *slice, size_t count, int32_t debug, ei_runner_result *result) {
    return guarded(
        [=] { return run(&ei_runner::Model::classify_slice, slice, count, debug != 0, *result); });
}

int32_t ei_runner_reset(void) {
    return guarded([] {
        runner->instance.deinit();
        runner->instance.init();
        return OK;
    });
}

int32_t ei_runner_set_threshold(uint32_t block, const char *name, float value) {
    return guarded([=] {
        for (auto &threshold : runner->instance.thresholds()) {
            if (threshold.block == block && threshold.name == name) {
                threshold.set(value);
                return OK;
            }
        }
        return NO_THRESHOLD;
    });
}

int32_t ei_runner_get_threshold(uint32_t block, const char *name, float *value) {
    return guarded([=] {
        for (const auto &threshold : runner->instance.thresholds()) {
            if (threshold.block == block && threshold.name == name) {
                *value = threshold.value;
                return OK;
            }
        }
        return NO_THRESHOLD;
    });
}

const char *ei_runner_thrown(void) { return thrown.c_str(); }

const char *ei_runner_network_failure(void) {
#if EI_RUNNER_HAS_NETWORKS
    return ei_runner_network_error();
#else
    return "";
#endif
}

void ei_runner_close(void) {
    guarded([] {
        runner->instance.deinit();
        runner.reset();
#if EI_RUNNER_HAS_NETWORKS
        ei_runner_close_networks();
#endif
        return OK;
    });
    ei_runner::set_log(nullptr);
}
