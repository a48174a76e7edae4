// What model_variables.h fills in: blocks and the impulse, as each generation has them.
#pragma once

#include <stdbool.h>

#include <vector>

#include "edge-impulse-sdk/classifier/ei_classifier_types.h"
#include "edge-impulse-sdk/dsp/numpy.hpp"
#include "edge-impulse-sdk/porting/ei_classifier_porting.h"

#if TEST_GENERATION >= 2026
#define EI_CLASSIFIER_TYPE_CLASSIFICATION 1
#define EI_CLASSIFIER_TYPE_REGRESSION 2
#define EI_CLASSIFIER_TYPE_OBJECT_DETECTION 3
#endif

typedef struct {
    uint32_t block_id;
    uint16_t implementation_version;
    int axes;
    float scale_axes;
} ei_dsp_config_raw_t;

typedef struct {
    uint32_t block_id;
    uint16_t implementation_version;
    int axes;
    const char *channels;
} ei_dsp_config_image_t;

typedef struct {
#if TEST_GENERATION >= 2024
    uint32_t blockId;
#endif
    size_t n_output_features;
    int (*extract_fn)(ei::signal_t *signal, ei::matrix_t *output, void *config, float frequency);
    void *config;
} ei_model_dsp_t;

typedef std::vector<float> ei_values;
struct ei_impulse;

typedef struct {
#if TEST_GENERATION >= 2024
    uint32_t blockId;
#endif
    EI_IMPULSE_ERROR (*infer_fn)(const ei_impulse *impulse, const ei_values &features, ei_values &output, void *config);
    void *config;
} ei_learning_block_t;

// A network that was compiled to code, and one that is interpreted.
typedef struct {
    EI_IMPULSE_ERROR (*invoke)(const float *input, size_t input_count, float *output, size_t output_count);
} ei_config_tflite_eon_graph_t;

typedef struct {
    uint16_t implementation_version;
    const unsigned char *model;
    size_t model_size;
    size_t arena_size;
} ei_config_tflite_graph_t;

#if TEST_GENERATION == 2024
#define EI_CLASSIFIER_CLASSIFICATION_MODE_CLASSIFICATION 1
#define EI_CLASSIFIER_CLASSIFICATION_MODE_OBJECT_DETECTION 2
#define EI_CLASSIFIER_CLASSIFICATION_MODE_ANOMALY_GMM 4
#define EI_CLASSIFIER_CLASSIFICATION_MODE_VISUAL_ANOMALY 5
#define EI_CLASSIFIER_CLASSIFICATION_MODE_ANOMALY_KMEANS 6
#endif

typedef struct {
    uint16_t implementation_version;
#if TEST_GENERATION == 2024
    uint8_t classification_mode;
    float threshold;
#endif
    void *graph_config;
} ei_learning_block_config_tflite_graph_t;

typedef struct {
    uint16_t implementation_version;
#if TEST_GENERATION == 2024
    uint8_t classification_mode;
#endif
    float centre;
} ei_learning_block_config_anomaly_kmeans_t;

typedef struct {
    uint16_t implementation_version;
#if TEST_GENERATION == 2024
    uint8_t classification_mode;
    float anomaly_threshold;
#endif
    void *graph_config;
} ei_learning_block_config_anomaly_gmm_t;

#if TEST_GENERATION >= 2025
#define EI_CLASSIFIER_MODE_CLASSIFICATION 1
#define EI_CLASSIFIER_MODE_OBJECT_DETECTION 2
#define EI_CLASSIFIER_MODE_VISUAL_ANOMALY 5
#define EI_CLASSIFIER_MODE_OBJECT_TRACKING 7
#define EI_CLASSIFIER_MODE_PERFORMANCE_CALIBRATION 8
#define EI_CLASSIFIER_MODE_FREEFORM 9

struct ei_impulse_handle_t;

typedef struct {
    uint32_t block_id;
    uint8_t type;
    EI_IMPULSE_ERROR (*init_fn)(ei_impulse_handle_t *handle, void **state, void *config);
    EI_IMPULSE_ERROR (*deinit_fn)(void *state, void *config);
    EI_IMPULSE_ERROR (*postprocess_fn)(ei_impulse_handle_t *handle, const ei_values &output,
                                       ei_impulse_result_t *result, void *config, void *state);
    void *config;
    uint32_t input_block_id;
} ei_postprocessing_block_t;
#endif

// The post-processing of older generations uses these too, but the application does not see them.
typedef struct {
    float threshold;
    uint32_t object_detection_count;
} ei_fill_result_fomo_f32_config_t;

typedef struct {
    float threshold;
    uint16_t grid_size_x;
    uint16_t grid_size_y;
} ei_fill_result_visual_ad_f32_config_t;

typedef struct {
    uint16_t implementation_version;
    uint32_t keep_grace;
    uint16_t max_observations;
    float threshold;
} ei_object_tracking_config_t;

typedef struct {
    uint32_t average_window_duration_ms;
    float detection_threshold;
    uint32_t suppression_ms;
    uint32_t suppression_flags;
} ei_performance_calibration_config_t;

typedef struct ei_impulse {
    uint32_t project_id;
    const char *project_owner;
    const char *project_name;
#if TEST_GENERATION >= 2025
    uint16_t impulse_id;
    const char *impulse_name;
#endif
    uint32_t deploy_version;
    uint32_t raw_sample_count;
    uint32_t raw_samples_per_frame;
    uint32_t dsp_input_frame_size;
    uint32_t input_width;
    uint32_t input_height;
    uint32_t input_frames;
    float interval_ms;
    float frequency;
    size_t dsp_blocks_size;
    ei_model_dsp_t *dsp_blocks;
#if TEST_GENERATION <= 2023
    bool object_detection;
    float object_detection_threshold;
#endif
#if TEST_GENERATION <= 2024
    uint16_t object_detection_count;
    uint16_t visual_ad_grid_size_x;
    uint16_t visual_ad_grid_size_y;
#endif
    size_t learning_blocks_size;
    const ei_learning_block_t *learning_blocks;
#if TEST_GENERATION >= 2025
    size_t postprocessing_blocks_size;
    const ei_postprocessing_block_t *postprocessing_blocks;
#endif
    uint32_t sensor;
    uint32_t slice_size;
    uint32_t slices_per_model_window;
    uint16_t label_count;
    const char **categories;
#if TEST_GENERATION >= 2026
    uint8_t results_type;
    uint8_t freeform_outputs_size;
    uint32_t *freeform_outputs;
#endif
} ei_impulse_t;

#if TEST_GENERATION >= 2024
struct ei_impulse_state_t {
    const ei_impulse_t *impulse;
};

struct ei_impulse_handle_t {
    explicit ei_impulse_handle_t(const ei_impulse_t *impulse) : state{impulse}, impulse(impulse) {}

    ei_impulse_state_t state;
    const ei_impulse_t *impulse;
#if TEST_GENERATION >= 2025
    void **post_processing_state = nullptr;
#endif
#if EI_CLASSIFIER_FREEFORM_OUTPUT == 1
    ei::matrix_t *freeform_outputs = nullptr;
#endif
};
#endif
