// Gives boxes an identity from window to window.
#pragma once

#if EI_CLASSIFIER_OBJECT_TRACKING_ENABLED == 1

#include <cmath>

// A box belongs to the nearest track that is not farther away than the threshold says; a track
// that got none is kept for keep_grace windows. In 2025 the tracker has settings of its own.
struct ei_tracker {
    ei_object_tracking_config_t config;
    std::vector<ei_object_tracking_trace_t> traces;
    std::vector<int> ages;
    uint32_t count = 0;
    int now = 0;
};

inline EI_IMPULSE_ERROR init_object_tracking(ei_impulse_handle_t *, void **state, void *config) {
    *state = new ei_tracker{*static_cast<ei_object_tracking_config_t *>(config), {}, {}};
    return EI_IMPULSE_OK;
}

inline EI_IMPULSE_ERROR deinit_object_tracking(void *state, void *) {
    delete static_cast<ei_tracker *>(state);
    return EI_IMPULSE_OK;
}

inline size_t nearest_trace(const ei_tracker &tracker, const ei_impulse_result_bounding_box_t &box) {
    size_t nearest = tracker.traces.size();
    float best = tracker.config.threshold;
    for (size_t i = 0; i < tracker.traces.size(); i++) {
        const auto &trace = tracker.traces[i];
        const float distance = std::hypot(float(trace.x) - float(box.x), float(trace.y) - float(box.y));
        if (tracker.ages[i] > 0 && distance <= best) {
            nearest = i;
            best = distance;
        }
    }
    return nearest;
}

inline void track(ei_tracker &tracker, const ei_impulse_result_bounding_box_t &box) {
    const size_t i = nearest_trace(tracker, box);
    const bool is_new = i == tracker.traces.size();
    if (is_new) {
        tracker.traces.push_back({int(++tracker.count), 0, box.label, box.x, box.y, box.width, box.height, 0, {}});
        tracker.ages.push_back(0);
    }
    ei_object_tracking_trace_t &trace = tracker.traces[i];
    trace.last_centroid_segment = {trace.x, trace.y, box.x, box.y};
    trace.last_ground_truth_update_t = tracker.now;
    trace.x = box.x;
    trace.y = box.y;
    trace.value = box.value;
    tracker.ages[i] = 0;
}

inline EI_IMPULSE_ERROR process_object_tracking(ei_impulse_handle_t *, const ei_values &,
                                                ei_impulse_result_t *result, void *config, void *state) {
    if (state == nullptr) {
        return EI_IMPULSE_OK;
    }
    ei_tracker &tracker = *static_cast<ei_tracker *>(state);
#if TEST_GENERATION >= 2026
    tracker.config = *static_cast<ei_object_tracking_config_t *>(config);
#endif
    tracker.now++;
    for (int &age : tracker.ages) {
        age++;
    }
    for (size_t i = 0; i < result->bounding_boxes_count; i++) {
        if (result->bounding_boxes[i].value != 0) {
            track(tracker, result->bounding_boxes[i]);
        }
    }
    for (size_t i = tracker.traces.size(); i-- > 0;) {
        if (tracker.ages[i] > int(tracker.config.keep_grace)) {
            tracker.traces.erase(tracker.traces.begin() + i);
            tracker.ages.erase(tracker.ages.begin() + i);
        }
    }
    auto &told = result->postprocessed_output.object_tracking_output;
    told = {tracker.traces.data(), uint32_t(tracker.traces.size())};
#if EI_CLASSIFIER_OBJECT_COUNTING_ENABLED == 1
    result->postprocessed_output.object_counting_output = {&tracker.count, 1};
#endif
    return EI_IMPULSE_OK;
}

#if TEST_GENERATION == 2025
inline EI_IMPULSE_ERROR set_post_process_params(ei_impulse_handle_t *handle, ei_object_tracking_config_t *config) {
    for (size_t i = 0; i < handle->impulse->postprocessing_blocks_size; i++) {
        if (handle->impulse->postprocessing_blocks[i].init_fn == init_object_tracking) {
            static_cast<ei_tracker *>(handle->post_processing_state[i])->config = *config;
        }
    }
    return EI_IMPULSE_OK;
}
#endif

#endif
