// The impulse that runs, and the functions of the SDK that run it.
//
// Exports before the autumn of 2022 have no impulse: their functions know the one model there is.
// Later ones take a pointer to an impulse, and since 2024 to a handle of one. Here the impulse is a
// copy of the compiled one, so that its values can be changed even where those are read-only.
#pragma once

#include "sdk.hpp"

namespace ei_runner_fallback {

// Stand for functions that a generation lacks: the SDK's own are found beside them, and preferred
// because they are no templates.
struct Absent {};
template <typename... Arguments>
Absent run_classifier_deinit(Arguments &&...) {
    return {};
}

}  // namespace ei_runner_fallback

namespace ei_runner {

#if EI_RUNNER_HAS_IMPULSE

using Default = std::remove_const_t<std::remove_reference_t<decltype(ei_default_impulse)>>;
constexpr bool has_handle = has_impulse<Default>::value;
using Target = std::conditional_t<has_handle, Default, const ei_impulse_t>;

template <typename Chosen>
const ei_impulse_t &compiled(const Chosen &chosen) {
    if constexpr (has_handle) {
        return *chosen.impulse;
    } else {
        return chosen;
    }
}

class Model {
public:
    Model() : impulse(compiled(ei_default_impulse)), target_(attach(ei_default_impulse, impulse)) {}

    Model(const Model &) = delete;
    Model &operator=(const Model &) = delete;

    void init() { run_classifier_init(target_); }

    void deinit() {
        using namespace ei_runner_fallback;
        if constexpr (std::is_same_v<decltype(run_classifier_deinit(target_)), Absent>) {
            run_classifier_deinit();
        } else {
            run_classifier_deinit(target_);
        }
    }

    EI_IMPULSE_ERROR classify(signal_t *signal, ei_impulse_result_t *result, bool debug) {
        return run_classifier(target_, signal, result, debug);
    }

    EI_IMPULSE_ERROR classify_slice(signal_t *signal, ei_impulse_result_t *result, bool debug) {
        return run_classifier_continuous(target_, signal, result, debug);
    }

    Target *target() { return target_; }

    ei_impulse_t impulse;

private:
    template <typename Chosen, typename Impulse>
    static Target *attach(Chosen &chosen, Impulse &impulse) {
        if constexpr (has_handle) {
            chosen.impulse = &impulse;
            chosen.state.impulse = &impulse;
            return &chosen;
        } else {
            return &impulse;
        }
    }

    Target *target_;
};

#else

class Model {
public:
    void init() { run_classifier_init(); }

    void deinit() {
        using namespace ei_runner_fallback;
        run_classifier_deinit();
    }

    EI_IMPULSE_ERROR classify(signal_t *signal, ei_impulse_result_t *result, bool debug) {
        return run_classifier(signal, result, debug);
    }

    EI_IMPULSE_ERROR classify_slice(signal_t *signal, ei_impulse_result_t *result, bool debug) {
        return run_classifier_continuous(signal, result, debug);
    }
};

#endif

}  // namespace ei_runner
