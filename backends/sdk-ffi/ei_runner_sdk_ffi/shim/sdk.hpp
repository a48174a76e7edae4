// The SDK of the export, and what tells its generations apart. Nothing here asks for a version:
// the compiler finds out whether a header, a macro, a field or a function is there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "edge-impulse-sdk/classifier/ei_run_classifier.h"

// Parts that came later are parts that older generations do not have.
#ifndef EI_CLASSIFIER_CALIBRATION_ENABLED
#define EI_CLASSIFIER_CALIBRATION_ENABLED 0
#endif
#ifndef EI_CLASSIFIER_OBJECT_DETECTION
#define EI_CLASSIFIER_OBJECT_DETECTION 0
#endif
#ifndef EI_CLASSIFIER_INPUT_FRAMES
#define EI_CLASSIFIER_INPUT_FRAMES 1
#endif
#ifndef EI_CLASSIFIER_OBJECT_TRACKING_ENABLED
#define EI_CLASSIFIER_OBJECT_TRACKING_ENABLED 0
#endif

// The build looks into the headers for a default impulse: there is no asking for a variable.
#ifndef EI_RUNNER_HAS_IMPULSE
#error "EI_RUNNER_HAS_IMPULSE says whether model_variables.h names an ei_default_impulse: 0 or 1"
#endif

// EI_RUNNER_FIELD(name) makes the trait has_name<T>: whether structs of this type have the field.
#define EI_RUNNER_FIELD(name)                                                                     \
    template <typename T, typename = void>                                                        \
    struct has_##name : std::false_type {};                                                       \
    template <typename T>                                                                         \
    struct has_##name<T, std::void_t<decltype(std::declval<T &>().name)>> : std::true_type {};

namespace ei_runner {

EI_RUNNER_FIELD(impulse)
EI_RUNNER_FIELD(impulse_id)
EI_RUNNER_FIELD(learning_blocks)
EI_RUNNER_FIELD(blockId)
EI_RUNNER_FIELD(object_detection)
EI_RUNNER_FIELD(object_detection_threshold)
EI_RUNNER_FIELD(results_type)
EI_RUNNER_FIELD(postprocessing_blocks)
EI_RUNNER_FIELD(dsp_us)
EI_RUNNER_FIELD(postprocessing_us)
EI_RUNNER_FIELD(bounding_boxes)
EI_RUNNER_FIELD(bounding_boxes_count)
EI_RUNNER_FIELD(classification)
EI_RUNNER_FIELD(last_centroid_segment)
EI_RUNNER_FIELD(last_ground_truth_update_t)
EI_RUNNER_FIELD(postprocessed_output)
EI_RUNNER_FIELD(perf_cal_output)

}  // namespace ei_runner
