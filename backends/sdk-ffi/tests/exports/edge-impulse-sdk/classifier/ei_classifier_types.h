// The answer to a window.
#pragma once

#include <stdint.h>

#include <tuple>

#include "model-parameters/model_metadata.h"

typedef struct {
    const char *label;
    float value;
} ei_impulse_result_classification_t;

typedef struct {
    const char *label;
    uint32_t x;
    uint32_t y;
    uint32_t width;
    uint32_t height;
    float value;
} ei_impulse_result_bounding_box_t;

typedef struct {
    float mean_value;
    float max_value;
} ei_impulse_visual_ad_result_t;

typedef struct {
    int sampling;
    int dsp;
    int classification;
#if TEST_GENERATION >= 2026
    int postprocessing;
#endif
    int anomaly;
#if TEST_GENERATION >= 2023
    int64_t dsp_us;
    int64_t classification_us;
    int64_t anomaly_us;
#endif
#if TEST_GENERATION >= 2026
    int64_t postprocessing_us;
#endif
} ei_impulse_result_timing_t;

typedef struct {
    int id;
    int last_ground_truth_update_t;
    const char *label;
    uint32_t x;
    uint32_t y;
    uint32_t width;
    uint32_t height;
    float value;
    std::tuple<int, int, int, int> last_centroid_segment;
} ei_object_tracking_trace_t;

typedef struct {
#if EI_CLASSIFIER_OBJECT_TRACKING_ENABLED == 1
    struct {
        ei_object_tracking_trace_t *open_traces;
        uint32_t open_traces_count;
    } object_tracking_output;
#endif
#if EI_CLASSIFIER_OBJECT_COUNTING_ENABLED == 1
    struct {
        uint32_t *counts;
        uint32_t counter_num;
    } object_counting_output;
#endif
#if EI_CLASSIFIER_CALIBRATION_ENABLED == 1
    struct {
        const char *detected_label;
    } perf_cal_output;
#endif
    int : 0;
} ei_post_processing_output_t;

typedef struct {
#if TEST_GENERATION >= 2023
    ei_impulse_result_bounding_box_t *bounding_boxes;
    uint32_t bounding_boxes_count;
    ei_impulse_result_classification_t classification[EI_CLASSIFIER_LABEL_COUNT + 1];
#elif EI_CLASSIFIER_OBJECT_DETECTION == 1
    ei_impulse_result_bounding_box_t bounding_boxes[EI_CLASSIFIER_OBJECT_DETECTION_COUNT];
#else
    ei_impulse_result_classification_t classification[EI_CLASSIFIER_LABEL_COUNT];
#endif
    float anomaly;
    ei_impulse_result_timing_t timing;
#if EI_CLASSIFIER_HAS_VISUAL_ANOMALY
    ei_impulse_result_bounding_box_t *visual_ad_grid_cells;
    uint32_t visual_ad_count;
    ei_impulse_visual_ad_result_t visual_ad_result;
#endif
#if TEST_GENERATION >= 2025
    ei_post_processing_output_t postprocessed_output;
#endif
} ei_impulse_result_t;
