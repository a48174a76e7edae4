// What the model is, as JSON: the hello reply of the EIM protocol, from the compiled structures.
#pragma once

#include "labels.hpp"

#include <cmath>
#include <cstdio>
#include <cstring>

namespace ei_runner {

// Writes one object after the other; names come from here and need no escaping.
class Json {
public:
    Json &open(const char *name = nullptr) { return begin(name, '{'); }
    Json &open_list(const char *name) { return begin(name, '['); }
    Json &close() { return end('}'); }
    Json &close_list() { return end(']'); }

    template <typename Number, typename = std::enable_if_t<std::is_arithmetic_v<Number>>>
    Json &add(const char *name, Number number) {
        const double value = static_cast<double>(number);
        key(name);
        char text[40];
        snprintf(text, sizeof text, "%.17g", std::isfinite(value) ? value : 0.0);
        text_ += text;
        return *this;
    }

    Json &add(const char *name, const char *value) {
        key(name);
        quote(value == nullptr ? "" : value);
        return *this;
    }

    Json &add_truth(const char *name, bool value) {
        key(name);
        text_ += value ? "true" : "false";
        return *this;
    }

    Json &item(const char *value) {
        separate();
        quote(value);
        return *this;
    }

    const std::string &text() const { return text_; }

private:
    Json &begin(const char *name, char bracket) {
        name != nullptr ? key(name) : separate();
        text_ += bracket;
        return *this;
    }

    Json &end(char bracket) {
        text_ += bracket;
        return *this;
    }

    void key(const char *name) {
        separate();
        quote(name);
        text_ += ':';
    }

    void separate() {
        if (!text_.empty() && std::strchr("[{:", text_.back()) == nullptr) {
            text_ += ',';
        }
    }

    void quote(const char *value) {
        text_ += '"';
        for (const char *at = value; *at != '\0'; at++) {
            escape(static_cast<unsigned char>(*at));
        }
        text_ += '"';
    }

    void escape(unsigned char character) {
        if (character == '"' || character == '\\') {
            text_ += '\\';
            text_ += static_cast<char>(character);
        } else if (character < 0x20) {
            char code[8];
            snprintf(code, sizeof code, "\\u%04x", character);
            text_ += code;
        } else {
            text_ += static_cast<char>(character);
        }
    }

    std::string text_;
};

constexpr const char *resize_mode() {
#ifdef EI_CLASSIFIER_RESIZE_MODE
    constexpr const char *modes[] = {"none", "fit-shortest", "fit-longest", "squash"};
    return EI_CLASSIFIER_RESIZE_MODE < 4 ? modes[EI_CLASSIFIER_RESIZE_MODE] : "unknown";
#else
    return "unknown";
#endif
}

inline const char *model_type(const Instance &instance) {
    if (finds_objects(instance)) {
#if defined(EI_CLASSIFIER_LAST_LAYER_FOMO) && defined(EI_CLASSIFIER_OBJECT_DETECTION_LAST_LAYER)
        return EI_CLASSIFIER_OBJECT_DETECTION_LAST_LAYER == EI_CLASSIFIER_LAST_LAYER_FOMO
                   ? "constrained_object_detection"
                   : "object_detection";
#elif EI_CLASSIFIER_OBJECT_DETECTION_CONSTRAINED == 1  // as FOMO was called at first
        return "constrained_object_detection";
#else
        return "object_detection";
#endif
    }
#if EI_CLASSIFIER_FREEFORM_OUTPUT == 1
    return "freeform";
#else
    return "classification";
#endif
}

// The channels of the image that the first block makes; other blocks of images get colours.
template <typename Block>
int channel_count(const Block *blocks, size_t count, bool is_image) {
    if (!is_image) {
        return 0;
    }
    if (count != 1 || blocks[0].extract_fn != &extract_image_features) {
        return 3;
    }
    const auto *config = static_cast<const ei_dsp_config_image_t *>(blocks[0].config);
    return std::strcmp(config->channels, "Grayscale") == 0 ? 1 : 3;
}

// The sizes of the model that runs, wherever a generation keeps them.
struct Sizes {
    double window, frequency, interval_ms, axes, width, height, frames, slice;
    int channels;
};

#if EI_RUNNER_HAS_IMPULSE

inline Sizes sizes_of(const Instance &instance) {
    const ei_impulse_t &impulse = instance.impulse;
    const bool is_image = impulse.input_width != 0;
    return {double(impulse.dsp_input_frame_size), impulse.frequency, impulse.interval_ms,
            double(impulse.raw_samples_per_frame), double(impulse.input_width),
            double(impulse.input_height), double(impulse.input_frames), double(impulse.slice_size),
            channel_count(impulse.dsp_blocks, impulse.dsp_blocks_size, is_image)};
}

inline int sensor_of(const Instance &instance) { return static_cast<int>(instance.impulse.sensor); }

template <typename Impulse>
void describe_project(Json &json, const Impulse &impulse) {
    json.add("id", impulse.project_id).add("owner", impulse.project_owner);
    json.add("name", impulse.project_name).add("deploy_version", impulse.deploy_version);
    if constexpr (has_impulse_id<Impulse>::value) {
        json.add("impulse_id", impulse.impulse_id).add("impulse_name", impulse.impulse_name);
    }
}

inline void describe_project(Json &json, const Instance &instance) {
    describe_project(json, instance.impulse);
}

#else

inline Sizes sizes_of(const Instance &) {
    return {EI_CLASSIFIER_DSP_INPUT_FRAME_SIZE, EI_CLASSIFIER_FREQUENCY, EI_CLASSIFIER_INTERVAL_MS,
            EI_CLASSIFIER_RAW_SAMPLES_PER_FRAME, EI_CLASSIFIER_INPUT_WIDTH,
            EI_CLASSIFIER_INPUT_HEIGHT, EI_CLASSIFIER_INPUT_FRAMES, EI_CLASSIFIER_SLICE_SIZE,
            channel_count(ei_dsp_blocks, ei_dsp_blocks_size, EI_CLASSIFIER_INPUT_WIDTH != 0)};
}

inline int sensor_of(const Instance &) { return EI_CLASSIFIER_SENSOR; }

inline void describe_project(Json &json, const Instance &) {
#ifdef EI_CLASSIFIER_PROJECT_ID
    json.add("id", EI_CLASSIFIER_PROJECT_ID).add("owner", EI_CLASSIFIER_PROJECT_OWNER);
    json.add("name", EI_CLASSIFIER_PROJECT_NAME);
    json.add("deploy_version", EI_CLASSIFIER_PROJECT_DEPLOY_VERSION);
#endif
}

#endif

inline void describe_thresholds(Json &json, Instance &instance) {
    const Thresholds thresholds = instance.thresholds();
    json.open_list("thresholds");
    for (size_t i = 0; i < thresholds.size(); i++) {
        const bool is_first = i == 0 || thresholds[i].block != thresholds[i - 1].block;
        if (is_first) {
            json.open().add("id", thresholds[i].block).add("type", thresholds[i].type.c_str());
        }
        json.add(thresholds[i].name.c_str(), static_cast<double>(thresholds[i].value));
        if (i + 1 == thresholds.size() || thresholds[i + 1].block != thresholds[i].block) {
            json.close();
        }
    }
    json.close_list();
}

inline void describe_parameters(Json &json, Instance &instance) {
    const Sizes sizes = sizes_of(instance);
    json.add("input_features_count", sizes.window).add("sensor", sensor_of(instance));
    json.add("frequency", sizes.frequency).add("interval_ms", sizes.interval_ms);
    json.add("axis_count", sizes.axes).add("image_input_width", sizes.width);
    json.add("image_input_height", sizes.height).add("image_input_frames", sizes.frames);
    json.add("image_channel_count", sizes.channels).add("image_resize_mode", resize_mode());
    json.add("has_anomaly", EI_CLASSIFIER_HAS_ANOMALY).add("model_type", model_type(instance));
    json.add_truth("has_object_tracking", EI_CLASSIFIER_OBJECT_TRACKING_ENABLED == 1);
    json.add_truth("has_performance_calibration", EI_CLASSIFIER_CALIBRATION_ENABLED == 1);
    json.add("slice_size", sizes.slice);
    json.add_truth("use_continuous_mode", sensor_of(instance) == EI_CLASSIFIER_SENSOR_MICROPHONE);
    json.add("inferencing_engine", EI_CLASSIFIER_INFERENCING_ENGINE);
    json.open_list("labels");
    for (size_t i = 0; i < label_count(instance); i++) {
        json.item(label_texts(instance)[i]);
    }
    json.close_list();
    describe_thresholds(json, instance);
}

inline std::string describe(Instance &instance) {
    Json json;
    json.open().open("project");
    describe_project(json, instance);
    json.close().open("model_parameters");
    describe_parameters(json, instance);
    return json.close().close().text();
}

}  // namespace ei_runner
