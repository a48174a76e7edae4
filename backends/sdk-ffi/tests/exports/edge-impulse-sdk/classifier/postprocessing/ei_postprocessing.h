// From the output of a learn block to the parts of the answer.
#pragma once

#include <algorithm>
#include <numeric>

#include "edge-impulse-sdk/classifier/ei_model_types.h"

typedef std::vector<ei_impulse_result_bounding_box_t> ei_boxes;

inline void fill_classification(const ei_impulse_t &impulse, const ei_values &output, ei_impulse_result_t *result) {
#if TEST_GENERATION >= 2023 || EI_CLASSIFIER_OBJECT_DETECTION != 1
    for (size_t i = 0; i < impulse.label_count; i++) {
        result->classification[i] = {impulse.categories[i], output[i]};
    }
#endif
}

// A box around every bright pixel; rows have the labels by turns. Zeros fill up the rest.
inline void fill_boxes(const ei_impulse_t &impulse, const ei_values &output, ei_impulse_result_t *result,
                       const ei_fill_result_fomo_f32_config_t &config) {
    static ei_boxes boxes;
    boxes.clear();
    for (uint32_t i = 0; i < output.size() && boxes.size() < config.object_detection_count; i++) {
        if (output[i] >= config.threshold) {
            const uint32_t x = i % impulse.input_width, y = i / impulse.input_width;
            boxes.push_back({impulse.categories[y % impulse.label_count], x, y, 1, 1, output[i]});
        }
    }
    boxes.resize(config.object_detection_count);
#if TEST_GENERATION >= 2023
    result->bounding_boxes = boxes.data();
    result->bounding_boxes_count = boxes.size();
#elif EI_CLASSIFIER_OBJECT_DETECTION == 1
    std::copy(boxes.begin(), boxes.end(), result->bounding_boxes);
#endif
}

// The brightest pixel of each cell of a grid; cells over the threshold are kept.
inline void fill_cells(const ei_impulse_t &impulse, const ei_values &output, ei_impulse_result_t *result,
                       const ei_fill_result_visual_ad_f32_config_t &config) {
#if EI_CLASSIFIER_HAS_VISUAL_ANOMALY
    static ei_boxes cells;
    cells.clear();
    ei_values scores(config.grid_size_x * config.grid_size_y);
    const uint32_t width = impulse.input_width / config.grid_size_x, height = impulse.input_height / config.grid_size_y;
    for (uint32_t i = 0; i < output.size(); i++) {
        const uint32_t x = i % impulse.input_width / width, y = i / impulse.input_width / height;
        float &score = scores[y * config.grid_size_x + x];
        score = std::max(score, output[i]);
    }
    for (uint32_t i = 0; i < scores.size(); i++) {
        if (scores[i] >= config.threshold) {
            cells.push_back({"anomaly", i % config.grid_size_x * width, i / config.grid_size_x * height, width, height,
                             scores[i]});
        }
    }
    result->visual_ad_grid_cells = cells.data();
    result->visual_ad_count = cells.size();
    result->visual_ad_result.max_value = *std::max_element(scores.begin(), scores.end());
    result->visual_ad_result.mean_value = std::accumulate(scores.begin(), scores.end(), 0.0f) / scores.size();
#endif
}

#if TEST_GENERATION >= 2025

inline EI_IMPULSE_ERROR process_classification_f32(ei_impulse_handle_t *handle, const ei_values &output,
                                                   ei_impulse_result_t *result, void *, void *) {
    fill_classification(*handle->impulse, output, result);
    return EI_IMPULSE_OK;
}

inline EI_IMPULSE_ERROR process_fomo_f32(ei_impulse_handle_t *handle, const ei_values &output,
                                         ei_impulse_result_t *result, void *config, void *) {
    fill_boxes(*handle->impulse, output, result, *static_cast<ei_fill_result_fomo_f32_config_t *>(config));
    return EI_IMPULSE_OK;
}

inline EI_IMPULSE_ERROR process_visual_ad_f32(ei_impulse_handle_t *handle, const ei_values &output,
                                              ei_impulse_result_t *result, void *config, void *) {
    fill_cells(*handle->impulse, output, result, *static_cast<ei_fill_result_visual_ad_f32_config_t *>(config));
    return EI_IMPULSE_OK;
}

#if EI_CLASSIFIER_FREEFORM_OUTPUT == 1

// The first tensor: all values, doubled. The second: their sum.
inline EI_IMPULSE_ERROR process_freeform_f32(ei_impulse_handle_t *handle, const ei_values &output,
                                             ei_impulse_result_t *, void *, void *) {
    if (handle->freeform_outputs == nullptr) {
        return EI_IMPULSE_FREEFORM_OUTPUT_NULL;
    }
    ei::matrix_t *tensors = handle->freeform_outputs;
    std::transform(output.begin(), output.end(), tensors[0].buffer, [](float value) { return 2 * value; });
    tensors[1].buffer[0] = std::accumulate(output.begin(), output.end(), 0.0f);
    return EI_IMPULSE_OK;
}

#endif

#if EI_CLASSIFIER_CALIBRATION_ENABLED == 1

// The label that is likely enough.
inline EI_IMPULSE_ERROR process_perf_cal(ei_impulse_handle_t *handle, const ei_values &output,
                                         ei_impulse_result_t *result, void *config, void *) {
    const auto best = std::max_element(output.begin(), output.begin() + handle->impulse->label_count);
    const bool is_sure = *best >= static_cast<ei_performance_calibration_config_t *>(config)->detection_threshold;
    result->postprocessed_output.perf_cal_output.detected_label =
        is_sure ? handle->impulse->categories[best - output.begin()] : nullptr;
    return EI_IMPULSE_OK;
}

#endif

#include "edge-impulse-sdk/classifier/postprocessing/ei_object_tracking.h"

#endif

#if __has_include("edge-impulse-sdk/classifier/postprocessing/ei_postprocessing_thresholds.h")
#include "edge-impulse-sdk/classifier/postprocessing/ei_postprocessing_thresholds.h"
#endif
