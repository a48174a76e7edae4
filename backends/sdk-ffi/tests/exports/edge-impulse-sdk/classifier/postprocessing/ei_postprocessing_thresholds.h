// The values of post-processing blocks by name (2026; older SDKs do not have this file).
#pragma once

#include <functional>
#include <string>
#include <vector>

struct ei_threshold_desc_t {
    std::string type;
    std::string name;
    float value;
    std::function<void(float)> set_value;
};

template <typename Field>
void describe_threshold(std::vector<ei_threshold_desc_t> &found, const char *type, const char *name, Field &field) {
    found.push_back({type, name, float(field), [&field](float value) { field = Field(value); }});
}

inline EI_IMPULSE_ERROR get_thresholds_postprocessing(const ei_postprocessing_block_t *block,
                                                      std::vector<ei_threshold_desc_t> &found) {
    if (block->type == EI_CLASSIFIER_MODE_OBJECT_DETECTION) {
        auto *config = static_cast<ei_fill_result_fomo_f32_config_t *>(block->config);
        describe_threshold(found, "object_detection", "min_score", config->threshold);
    } else if (block->type == EI_CLASSIFIER_MODE_VISUAL_ANOMALY) {
        auto *config = static_cast<ei_fill_result_visual_ad_f32_config_t *>(block->config);
        describe_threshold(found, "anomaly_gmm", "min_anomaly_score", config->threshold);
    } else if (block->type == EI_CLASSIFIER_MODE_OBJECT_TRACKING) {
        auto *config = static_cast<ei_object_tracking_config_t *>(block->config);
        describe_threshold(found, "object_tracking", "keep_grace", config->keep_grace);
        describe_threshold(found, "object_tracking", "max_observations", config->max_observations);
        describe_threshold(found, "object_tracking", "threshold", config->threshold);
    } else if (block->type == EI_CLASSIFIER_MODE_PERFORMANCE_CALIBRATION) {
        auto *config = static_cast<ei_performance_calibration_config_t *>(block->config);
        const char *type = "performance_calibration";
        describe_threshold(found, type, "average_window_duration_ms", config->average_window_duration_ms);
        describe_threshold(found, type, "detection_threshold", config->detection_threshold);
        describe_threshold(found, type, "suppression_ms", config->suppression_ms);
        describe_threshold(found, type, "suppression_flags", config->suppression_flags);
    }
    return EI_IMPULSE_OK;
}
