// The labels of the model: the SDK hands out texts, the host wants positions.
#pragma once

#include "instance.hpp"

#include <cstring>

namespace ei_runner {

#if EI_RUNNER_HAS_IMPULSE

inline const char *const *label_texts(const Instance &instance) { return instance.impulse.categories; }

// A model without labels may count one all the same.
inline size_t label_count(const Instance &instance) {
    return EI_CLASSIFIER_LABEL_COUNT > 0 ? instance.impulse.label_count : 0;
}

#else

inline size_t label_count(const Instance &) { return EI_CLASSIFIER_LABEL_COUNT; }
inline const char *const *label_texts(const Instance &) {
#if EI_CLASSIFIER_LABEL_COUNT > 0
    return ei_classifier_inferencing_categories;
#else
    return nullptr;
#endif
}

#endif

inline int32_t position_of(const Instance &instance, const char *text) {
    const char *const *texts = label_texts(instance);
    const size_t count = label_count(instance);
    for (size_t i = 0; i < count; i++) {
        if (texts[i] == text) {
            return static_cast<int32_t>(i);
        }
    }
    for (size_t i = 0; text != nullptr && i < count; i++) {
        if (std::strcmp(texts[i], text) == 0) {
            return static_cast<int32_t>(i);
        }
    }
    return -1;
}

}  // namespace ei_runner
