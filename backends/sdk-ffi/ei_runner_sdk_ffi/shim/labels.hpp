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

// Whether the model that runs finds objects. The macros speak for all impulses of an export; where
// there are several, only the model itself tells of which kind it is.
template <typename Impulse>
bool finds_objects([[maybe_unused]] const Impulse &impulse) {
    if constexpr (EI_CLASSIFIER_OBJECT_DETECTION != 1) {
        return false;
    } else if constexpr (has_object_detection<Impulse>::value) {
        return impulse.object_detection;
#ifdef EI_CLASSIFIER_TYPE_CLASSIFICATION
    } else if constexpr (has_results_type<Impulse>::value) {
        return impulse.results_type != EI_CLASSIFIER_TYPE_CLASSIFICATION &&
               impulse.results_type != EI_CLASSIFIER_TYPE_REGRESSION;
#endif
    } else {
        return true;
    }
}

#if EI_RUNNER_HAS_IMPULSE
inline bool finds_objects(const Instance &instance) { return finds_objects(instance.impulse); }
#else
inline bool finds_objects(const Instance &) { return EI_CLASSIFIER_OBJECT_DETECTION == 1; }
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
