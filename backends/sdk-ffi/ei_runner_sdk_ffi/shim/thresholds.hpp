// The values that can be changed while a model runs, by the keys of the EIM protocol. Where they
// live depends on the generation: in the impulse, in the learn blocks, in the post-processing.
#pragma once

#include "model.hpp"

namespace ei_runner {

struct Threshold {
    uint32_t block;
    std::string type;
    std::string name;
    float value;
    std::function<void(float)> set;
};

using Thresholds = std::vector<Threshold>;

template <typename Field>
Threshold threshold_of(uint32_t block, const char *type, const char *name, Field &field) {
    return {block, type, name, static_cast<float>(field),
            [&field](float value) { field = static_cast<Field>(value); }};
}

// ------------------------------------------------------------------------ in the learn blocks
#ifdef EI_CLASSIFIER_CLASSIFICATION_MODE_OBJECT_DETECTION

class LearnBlocks {
public:
    // Puts blocks with configurations of their own into an impulse.
    explicit LearnBlocks(ei_impulse_t &impulse) {
        blocks_.reserve(impulse.learning_blocks_size);
        for (size_t i = 0; i < impulse.learning_blocks_size; i++) {
            blocks_.push_back(impulse.learning_blocks[i]);
            add(blocks_.back());
        }
        impulse.learning_blocks = blocks_.data();
    }

    void list(Thresholds &found) {
        for (auto &one : detectors_) {
            found.push_back(threshold_of(one.id, "object_detection", "min_score", one.config.threshold));
        }
        for (auto &one : mixtures_) {
            found.push_back(
                threshold_of(one.id, "anomaly_gmm", "min_anomaly_score", one.config.anomaly_threshold));
        }
    }

private:
    template <typename Config>
    struct Owned {
        uint32_t id;
        Config config;
    };

    // The configurations of all learn blocks of these generations begin alike.
    struct Start {
        uint16_t implementation_version;
        uint8_t classification_mode;
    };

    void add(ei_learning_block_t &block) {
        switch (static_cast<const Start *>(block.config)->classification_mode) {
        case EI_CLASSIFIER_CLASSIFICATION_MODE_OBJECT_DETECTION:
            own(block, detectors_);
            break;
        case EI_CLASSIFIER_CLASSIFICATION_MODE_ANOMALY_GMM:
        case EI_CLASSIFIER_CLASSIFICATION_MODE_VISUAL_ANOMALY:
            own(block, mixtures_);
            break;
        }
    }

    template <typename Config>
    void own(ei_learning_block_t &block, std::deque<Owned<Config>> &owned) {
        owned.push_back({block.blockId, *static_cast<const Config *>(block.config)});
        block.config = &owned.back().config;
    }

    std::vector<ei_learning_block_t> blocks_;
    std::deque<Owned<ei_learning_block_config_tflite_graph_t>> detectors_;
    std::deque<Owned<ei_learning_block_config_anomaly_gmm_t>> mixtures_;
};

#else

struct LearnBlocks {
    template <typename Impulse>
    explicit LearnBlocks(Impulse &) {}
    void list(Thresholds &) {}
};

#endif

// ----------------------------------------------------------------------- in the post-processing
#if __has_include("edge-impulse-sdk/classifier/postprocessing/ei_postprocessing_thresholds.h")

template <typename Target, typename Block>
void list_block(Thresholds &found, Target *, const Block &block) {
    std::vector<ei_threshold_desc_t> described;
    if (get_thresholds_postprocessing(&block, described) == EI_IMPULSE_OK) {
        for (auto &one : described) {
            found.push_back({block.block_id, one.type, one.name, one.value, one.set_value});
        }
    }
}

#else

#if EI_CLASSIFIER_OBJECT_TRACKING_ENABLED == 1

// The tracker takes its configuration over when it is made: a change has to be told to it.
template <typename Field>
Threshold tracker_field(uint32_t block, const char *name, Target *target,
                        ei_object_tracking_config_t *config, Field &field) {
    return {block, "object_tracking", name, static_cast<float>(field),
            [=, &field](float value) {
                field = static_cast<Field>(value);
                set_post_process_params(target, config);
            }};
}

template <typename Block>
void list_tracker(Thresholds &found, Target *target, const Block &block) {
    if (block.init_fn == init_object_tracking) {
        auto *config = static_cast<ei_object_tracking_config_t *>(block.config);
        found.push_back(tracker_field(block.block_id, "keep_grace", target, config, config->keep_grace));
        found.push_back(
            tracker_field(block.block_id, "max_observations", target, config, config->max_observations));
        found.push_back(tracker_field(block.block_id, "threshold", target, config, config->threshold));
    }
}

#else

template <typename... Arguments>
void list_tracker(Arguments &&...) {}

#endif

template <typename Target, typename Block>
void list_block(Thresholds &found, Target *target, const Block &block) {
    list_tracker(found, target, block);
#ifdef EI_CLASSIFIER_MODE_OBJECT_DETECTION
    // All configurations of these types begin with their threshold.
    auto *first = static_cast<float *>(block.config);
    if (block.type == EI_CLASSIFIER_MODE_OBJECT_DETECTION) {
        found.push_back(threshold_of(block.block_id, "object_detection", "min_score", *first));
    } else if (block.type == EI_CLASSIFIER_MODE_VISUAL_ANOMALY) {
        found.push_back(threshold_of(block.block_id, "anomaly_gmm", "min_anomaly_score", *first));
    }
#endif
}

#endif

// ------------------------------------------------------------------------------- all of a model

template <typename Impulse>
void list_impulse(Thresholds &found, Impulse &impulse) {
    if constexpr (has_object_detection_threshold<Impulse>::value) {
        if (impulse.object_detection) {
            found.push_back(
                threshold_of(0, "object_detection", "min_score", impulse.object_detection_threshold));
        }
    }
}

template <typename Impulse, typename Target>
void list_postprocessing(Thresholds &found, Impulse &impulse, Target *target) {
    if constexpr (has_postprocessing_blocks<Impulse>::value) {
        for (size_t i = 0; i < impulse.postprocessing_blocks_size; i++) {
            list_block(found, target, impulse.postprocessing_blocks[i]);
        }
    }
}

}  // namespace ei_runner
