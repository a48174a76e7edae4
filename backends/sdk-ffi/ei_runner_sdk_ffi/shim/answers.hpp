// From the SDK's result to ours. The parts that a model has are settled by the macros of its
// headers, as in the EIM protocol, but for boxes or scores, which can differ between the impulses of
// one export; the memory of the answers is kept from call to call.
#pragma once

#include "labels.hpp"

#include "ei_runner.h"

namespace ei_runner {

class Answers {
public:
    explicit Answers(const Instance &instance) : instance_(instance), scores_(label_count(instance)) {}

    void fill(ei_runner_result &answer, const ei_impulse_result_t &result) {
        answer = {};
        fill_timing(answer, result.timing);
        fill_objects(answer, result);
        fill_anomaly(answer, result);
        fill_visual_anomaly(answer, result);
        fill_postprocessed(answer, result);
    }

private:
    template <typename Timing>
    static void fill_timing(ei_runner_result &answer, const Timing &timing) {
        if constexpr (has_dsp_us<Timing>::value) {
            answer.dsp_us = timing.dsp_us;
            answer.classification_us = timing.classification_us;
            answer.anomaly_us = timing.anomaly_us;
        } else {
            answer.dsp_us = 1000 * timing.dsp;
            answer.classification_us = 1000 * timing.classification;
            answer.anomaly_us = 1000 * timing.anomaly;
        }
        if constexpr (has_postprocessing_us<Timing>::value) {
            answer.postprocessing_us = timing.postprocessing_us;
        }
    }

    void fill_objects(ei_runner_result &answer, const ei_impulse_result_t &result) {
        finds_objects(instance_) ? fill_boxes(answer, result) : fill_scores(answer, result);
    }

    template <typename Result>
    void fill_boxes([[maybe_unused]] ei_runner_result &answer, [[maybe_unused]] const Result &result) {
        if constexpr (has_bounding_boxes<Result>::value) {
            boxes_.clear();
            for (size_t i = 0; i < box_count(result); i++) {
                if (result.bounding_boxes[i].value != 0) {  // zeros fill up what is kept for boxes
                    boxes_.push_back(box_of(result.bounding_boxes[i]));
                }
            }
            answer.boxes = start_of(boxes_);
            answer.box_count = static_cast<uint32_t>(boxes_.size());
        }
    }

    template <typename Result>
    static size_t box_count(const Result &result) {
        if constexpr (has_bounding_boxes_count<Result>::value) {
            return result.bounding_boxes_count;
        } else {
            return sizeof result.bounding_boxes / sizeof result.bounding_boxes[0];
        }
    }

    template <typename Result>
    void fill_scores([[maybe_unused]] ei_runner_result &answer, [[maybe_unused]] const Result &result) {
        if constexpr (has_classification<Result>::value) {
            for (size_t i = 0; i < scores_.size(); i++) {
                scores_[i] = result.classification[i].value;
            }
            answer.scores = scores_.empty() ? nullptr : scores_.data();
            answer.score_count = static_cast<uint32_t>(scores_.size());
        }
    }

    static void fill_anomaly([[maybe_unused]] ei_runner_result &answer,
                             [[maybe_unused]] const ei_impulse_result_t &result) {
#if EI_CLASSIFIER_HAS_ANOMALY > 0
        answer.has_anomaly = 1;
        answer.anomaly = result.anomaly;
#endif
    }

    void fill_visual_anomaly([[maybe_unused]] ei_runner_result &answer,
                             [[maybe_unused]] const ei_impulse_result_t &result) {
#if EI_CLASSIFIER_HAS_VISUAL_ANOMALY
        cells_.clear();
        for (size_t i = 0; i < result.visual_ad_count; i++) {
            if (result.visual_ad_grid_cells[i].value != 0) {
                cells_.push_back(box_of(result.visual_ad_grid_cells[i]));
            }
        }
        answer.cells = start_of(cells_);
        answer.cell_count = static_cast<uint32_t>(cells_.size());
        answer.visual_max = result.visual_ad_result.max_value;
        answer.visual_mean = result.visual_ad_result.mean_value;
#endif
    }

    template <typename Result>
    void fill_postprocessed([[maybe_unused]] ei_runner_result &answer,
                            [[maybe_unused]] const Result &result) {
#if EI_CLASSIFIER_OBJECT_TRACKING_ENABLED == 1
        fill_tracks(answer, result.postprocessed_output.object_tracking_output);
#endif
#if EI_CLASSIFIER_OBJECT_COUNTING_ENABLED == 1
        fill_counts(answer, result.postprocessed_output.object_counting_output);
#endif
#if EI_CLASSIFIER_CALIBRATION_ENABLED == 1
        fill_detected(answer, result);
#endif
    }

    template <typename Tracking>
    void fill_tracks(ei_runner_result &answer, const Tracking &tracking) {
        tracks_.clear();
        for (size_t i = 0; i < tracking.open_traces_count; i++) {
            tracks_.push_back(track_of(tracking.open_traces[i]));
        }
        answer.tracks = start_of(tracks_);
        answer.track_count = static_cast<uint32_t>(tracks_.size());
    }

    template <typename Counting>
    void fill_counts(ei_runner_result &answer, const Counting &counting) {
        counts_.assign(counting.counts, counting.counts + counting.counter_num);
        answer.counts = start_of(counts_);
        answer.count_count = static_cast<uint32_t>(counts_.size());
    }

    // Calibration of the first generations changes the scores and tells nothing.
    template <typename Result>
    static void fill_detected(ei_runner_result &answer, const Result &result) {
        if constexpr (has_postprocessed_output<Result>::value) {
            fill_label(answer, result.postprocessed_output);
        }
    }

    template <typename Output>
    static void fill_label(ei_runner_result &answer, const Output &output) {
        if constexpr (has_perf_cal_output<Output>::value) {
            answer.detected_label = output.perf_cal_output.detected_label;
        }
    }

    template <typename Box>
    ei_runner_box box_of(const Box &box) const {
        const int32_t label = position_of(instance_, box.label);
        const char *text = label < 0 ? box.label : nullptr;
        return {label, box.value, box.x, box.y, box.width, box.height, text};
    }

    template <typename Trace>
    ei_runner_track track_of(const Trace &trace) const {
        ei_runner_track track = {box_of(trace), trace.id, 0, {0, 0, 0, 0}};
        if constexpr (has_last_ground_truth_update_t<Trace>::value) {
            track.last_update = trace.last_ground_truth_update_t;
        }
        if constexpr (has_last_centroid_segment<Trace>::value) {
            const auto &[x1, y1, x2, y2] = trace.last_centroid_segment;
            const int32_t segment[4] = {x1, y1, x2, y2};
            std::copy(segment, segment + 4, track.segment);
        }
        return track;
    }

    // A part that is there has a start, even if it is empty.
    template <typename Item>
    static const Item *start_of(std::vector<Item> &items) {
        if (items.capacity() == 0) {
            items.reserve(1);
        }
        return items.data();
    }

    const Instance &instance_;
    std::vector<float> scores_;
    std::vector<ei_runner_box> boxes_;
    std::vector<ei_runner_box> cells_;
    std::vector<ei_runner_track> tracks_;
    std::vector<uint32_t> counts_;
};

}  // namespace ei_runner
