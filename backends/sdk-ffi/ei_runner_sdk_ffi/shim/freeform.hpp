// The tensors of a freeform model, in memory that the application has to give to the SDK.
#pragma once

#include "instance.hpp"

#include "ei_runner.h"

namespace ei_runner {

#if EI_CLASSIFIER_FREEFORM_OUTPUT == 1

class Freeform {
public:
    EI_IMPULSE_ERROR attach(Instance &instance) {
        const ei_impulse_t &impulse = instance.impulse;
        matrices_.reserve(impulse.freeform_outputs_size);  // a matrix cannot be moved
        for (size_t i = 0; i < impulse.freeform_outputs_size; i++) {
            matrices_.emplace_back(impulse.freeform_outputs[i], 1);
            tensors_.push_back({matrices_.back().buffer, impulse.freeform_outputs[i]});
        }
        return ei_set_freeform_output(instance.target(), matrices_.data(), matrices_.size());
    }

    void fill(ei_runner_result &answer) const {
        answer.tensors = tensors_.data();
        answer.tensor_count = static_cast<uint32_t>(tensors_.size());
    }

private:
    std::vector<ei::matrix_t> matrices_;
    std::vector<ei_runner_values> tensors_;
};

#else

struct Freeform {
    EI_IMPULSE_ERROR attach(Instance &) { return EI_IMPULSE_OK; }
    void fill(ei_runner_result &) const {}
};

#endif

}  // namespace ei_runner
