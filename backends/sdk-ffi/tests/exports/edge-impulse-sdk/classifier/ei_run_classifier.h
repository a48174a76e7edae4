// The entry points. What they work on differs: nothing (2021), an impulse (2023), or a handle.
#pragma once

#include "model-parameters/model_metadata.h"

#include "edge-impulse-sdk/classifier/ei_run_dsp.h"
#include "edge-impulse-sdk/classifier/inferencing_engines/engines.h"
#include "edge-impulse-sdk/classifier/postprocessing/ei_postprocessing.h"
#if TEST_GENERATION == 2021
#include "model-parameters/dsp_blocks.h"
#else
#include "model-parameters/model_variables.h"
#endif

#if TEST_GENERATION >= 2024
typedef ei_impulse_handle_t *ei_runnable;
inline const ei_impulse_t &impulse_of(ei_runnable handle) { return *handle->impulse; }
inline ei_runnable default_runnable() { return &ei_default_impulse; }
#else
typedef const ei_impulse_t *ei_runnable;
inline const ei_impulse_t &impulse_of(ei_runnable impulse) { return *impulse; }
#if TEST_GENERATION == 2023
inline ei_runnable default_runnable() { return &ei_default_impulse; }
#else
inline ei_runnable default_runnable() { return &the_only_impulse; }
#endif
#endif

static ei_values continuous_features;  // of the slices seen so far, the newest last

#if TEST_GENERATION >= 2025

inline EI_IMPULSE_ERROR postprocess(ei_runnable handle, const ei_values &output, ei_impulse_result_t *result) {
    for (size_t i = 0; i < handle->impulse->postprocessing_blocks_size; i++) {
        const auto &block = handle->impulse->postprocessing_blocks[i];
        void *state = handle->post_processing_state ? handle->post_processing_state[i] : nullptr;
        const EI_IMPULSE_ERROR error = block.postprocess_fn(handle, output, result, block.config, state);
        if (error != EI_IMPULSE_OK) {
            return error;
        }
    }
    return EI_IMPULSE_OK;
}

#else

#if TEST_GENERATION == 2024
inline float object_threshold(const ei_impulse_t &impulse) {
    return static_cast<ei_learning_block_config_tflite_graph_t *>(impulse.learning_blocks[0].config)->threshold;
}
inline float anomaly_threshold(const ei_impulse_t &impulse) {
    return static_cast<ei_learning_block_config_anomaly_gmm_t *>(impulse.learning_blocks[0].config)->anomaly_threshold;
}
#else
inline float object_threshold(const ei_impulse_t &impulse) { return impulse.object_detection_threshold; }
inline float anomaly_threshold(const ei_impulse_t &) { return 0; }
#endif

inline EI_IMPULSE_ERROR postprocess(ei_runnable runnable, const ei_values &output, ei_impulse_result_t *result) {
    const ei_impulse_t &impulse = impulse_of(runnable);
#if TEST_GENERATION == 2023 && EI_CLASSIFIER_OBJECT_DETECTION == 1
    if (!impulse.object_detection) {  // another impulse of the export finds objects
        fill_classification(impulse, output, result);
        return EI_IMPULSE_OK;
    }
#endif
#if EI_CLASSIFIER_OBJECT_DETECTION == 1
    fill_boxes(impulse, output, result, {object_threshold(impulse), impulse.object_detection_count});
#elif EI_CLASSIFIER_HAS_VISUAL_ANOMALY == 1
    fill_cells(impulse, output, result,
               {anomaly_threshold(impulse), impulse.visual_ad_grid_size_x, impulse.visual_ad_grid_size_y});
#else
    fill_classification(impulse, output, result);
#endif
    return EI_IMPULSE_OK;
}

#endif

inline void fill_timing(ei_impulse_result_timing_t &timing, uint64_t dsp, uint64_t classification) {
    timing.dsp = int(dsp / 1000);
    timing.classification = int(classification / 1000);
#if TEST_GENERATION >= 2023
    timing.dsp_us = int64_t(dsp);
    timing.classification_us = int64_t(classification);
#endif
#if TEST_GENERATION >= 2026
    timing.postprocessing_us = 1;
#endif
}

inline EI_IMPULSE_ERROR run_learning_blocks(const ei_impulse_t &impulse, const ei_values &features, ei_values &output,
                                            ei_impulse_result_t *result) {
    for (size_t i = 0; i < impulse.learning_blocks_size; i++) {
        const ei_learning_block_t &block = impulse.learning_blocks[i];
        const bool is_anomaly = block.infer_fn == run_kmeans_anomaly;
        ei_values score(1);
        const EI_IMPULSE_ERROR error = block.infer_fn(&impulse, features, is_anomaly ? score : output, block.config);
        if (error != EI_IMPULSE_OK) {
            return error;
        }
        result->anomaly = is_anomaly ? score[0] : result->anomaly;
    }
    return EI_IMPULSE_OK;
}

inline EI_IMPULSE_ERROR answer(ei_runnable runnable, const ei_values &features, ei_impulse_result_t *result, bool debug,
                               uint64_t started) {
    const ei_impulse_t &impulse = impulse_of(runnable);
    const uint64_t extracted = ei_read_timer_us();
    if (debug) {
        ei_printf("Features (%d):", int(features.size()));
        for (float feature : features) {
            ei_printf(" ");
            ei_printf_float(feature);
        }
        ei_printf("\n");
    }
    ei_values output(impulse.label_count);
    const EI_IMPULSE_ERROR error = run_learning_blocks(impulse, features, output, result);
    if (error != EI_IMPULSE_OK) {
        return error;
    }
    fill_timing(result->timing, extracted - started, ei_read_timer_us() - extracted);
    return postprocess(runnable, output, result);
}

inline EI_IMPULSE_ERROR extract(const ei_impulse_t &impulse, ei::signal_t *signal, ei_values &features) {
    const ei_model_dsp_t &block = impulse.dsp_blocks[0];
    ei::matrix_t matrix(1, block.n_output_features);
    if (block.extract_fn(signal, &matrix, block.config, impulse.frequency) != 0) {
        return EI_IMPULSE_DSP_ERROR;
    }
    features.assign(matrix.buffer, matrix.buffer + block.n_output_features);
    return EI_IMPULSE_OK;
}

inline EI_IMPULSE_ERROR run_classifier(ei_runnable runnable, signal_t *signal, ei_impulse_result_t *result,
                                       bool debug = false) {
    const uint64_t started = ei_read_timer_us();
    ei_values features;
    const EI_IMPULSE_ERROR error = extract(impulse_of(runnable), signal, features);
    return error == EI_IMPULSE_OK ? answer(runnable, features, result, debug, started) : error;
}

inline EI_IMPULSE_ERROR run_classifier_continuous(ei_runnable runnable, signal_t *signal,
                                                  ei_impulse_result_t *result, bool debug = false, bool = true) {
    const uint64_t started = ei_read_timer_us();
    const ei_impulse_t &impulse = impulse_of(runnable);
    if (impulse.dsp_blocks[0].extract_fn != extract_mfe_features) {
        return EI_IMPULSE_DSP_ERROR;
    }
    ei_values feature;
    const EI_IMPULSE_ERROR error = extract(impulse, signal, feature);
    if (error != EI_IMPULSE_OK) {
        return error;
    }
    continuous_features.push_back(feature[0]);
    if (continuous_features.size() < impulse.slices_per_model_window) {
        return EI_IMPULSE_OK;
    }
    const ei_values window(continuous_features.end() - impulse.slices_per_model_window, continuous_features.end());
    continuous_features = window;
    return answer(runnable, window, result, debug, started);
}

inline void clear_continuous_state() { continuous_features.clear(); }

#if TEST_GENERATION >= 2025

inline void run_classifier_deinit(ei_runnable handle) {
    for (size_t i = 0; handle->post_processing_state && i < handle->impulse->postprocessing_blocks_size; i++) {
        const auto &block = handle->impulse->postprocessing_blocks[i];
        if (block.deinit_fn) {
            block.deinit_fn(handle->post_processing_state[i], block.config);
        }
    }
    delete[] handle->post_processing_state;
    handle->post_processing_state = nullptr;
}

inline void run_classifier_init(ei_runnable handle) {
    clear_continuous_state();
    run_classifier_deinit(handle);
    const size_t count = handle->impulse->postprocessing_blocks_size;
    handle->post_processing_state = new void *[count + 1]();
    for (size_t i = 0; i < count; i++) {
        const auto &block = handle->impulse->postprocessing_blocks[i];
        if (block.init_fn) {
            block.init_fn(handle, &handle->post_processing_state[i], block.config);
        }
    }
}

#elif TEST_GENERATION >= 2023

inline void run_classifier_init(ei_runnable) { clear_continuous_state(); }
extern "C" inline void run_classifier_deinit(void) { clear_continuous_state(); }

#endif

#if EI_CLASSIFIER_FREEFORM_OUTPUT == 1
inline EI_IMPULSE_ERROR ei_set_freeform_output(ei_impulse_handle_t *handle, ei::matrix_t *outputs, size_t count) {
    if (count != handle->impulse->freeform_outputs_size) {
        return EI_IMPULSE_FREEFORM_OUTPUT_SIZE_MISMATCH;
    }
    handle->freeform_outputs = outputs;
    return EI_IMPULSE_OK;
}
#endif

extern "C" inline void run_classifier_init(void) {
#if TEST_GENERATION >= 2023
    run_classifier_init(default_runnable());
#else
    clear_continuous_state();
#endif
}

extern "C" inline EI_IMPULSE_ERROR run_classifier(signal_t *signal, ei_impulse_result_t *result, bool debug = false) {
    return run_classifier(default_runnable(), signal, result, debug);
}

extern "C" inline EI_IMPULSE_ERROR run_classifier_continuous(signal_t *signal, ei_impulse_result_t *result,
                                                             bool debug = false, bool = true) {
    return run_classifier_continuous(default_runnable(), signal, result, debug);
}
