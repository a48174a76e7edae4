// From features to the output of a learn block: code (EON), TensorFlow Lite Micro, or full
// TensorFlow Lite.
#pragma once

#include <cmath>
#include <cstring>

#include "edge-impulse-sdk/classifier/ei_model_types.h"

extern "C" void arm_mean_f32(const float *values, uint32_t count, float *mean);

inline EI_IMPULSE_ERROR run_kmeans_anomaly(const ei_impulse *, const ei_values &features, ei_values &output, void *config) {
    float mean;
    arm_mean_f32(features.data(), features.size(), &mean);
    output[0] = std::fabs(mean - static_cast<ei_learning_block_config_anomaly_kmeans_t *>(config)->centre);
    return EI_IMPULSE_OK;
}

// Of an image: the features themselves are the heat map.
inline EI_IMPULSE_ERROR run_heat_map(const ei_impulse *, const ei_values &features, ei_values &output, void *) {
    output = features;
    return EI_IMPULSE_OK;
}

#if EI_CLASSIFIER_INFERENCING_ENGINE == EI_CLASSIFIER_TFLITE_FULL

#include "tensorflow-lite/tensorflow/lite/c/common.h"
#include "tensorflow-lite/tensorflow/lite/interpreter.h"
#include "tensorflow-lite/tensorflow/lite/kernels/register.h"
#include "tensorflow-lite/tensorflow/lite/model.h"
#include "tensorflow-lite/tensorflow/lite/optional_debug_tools.h"

struct full_tflite_state {
    std::unique_ptr<tflite::FlatBufferModel> model;
    std::unique_ptr<tflite::Interpreter> interpreter;
};

inline full_tflite_state *full_tflite_start(const ei_config_tflite_graph_t &graph) {
    static full_tflite_state *started = nullptr;
    if (started != nullptr) {
        return started;
    }
    auto state = std::make_unique<full_tflite_state>();
    state->model = tflite::FlatBufferModel::BuildFromBuffer((const char *)graph.model, graph.model_size);
    tflite::ops::builtin::BuiltinOpResolver resolver;
    tflite::InterpreterBuilder builder(*state->model, resolver);
    builder(&state->interpreter);
    if (!state->interpreter || state->interpreter->AllocateTensors() != kTfLiteOk) {
        ei_printf("AllocateTensors() failed\n");
        return nullptr;
    }
    state->interpreter->SetNumThreads(4);
    return started = state.release();
}

inline EI_IMPULSE_ERROR run_graph(void *config, const ei_values &features, ei_values &output) {
    full_tflite_state *state = full_tflite_start(*static_cast<ei_config_tflite_graph_t *>(config));
    if (state == nullptr) {
        return EI_IMPULSE_TFLITE_ERROR;
    }
    TfLiteTensor *input = state->interpreter->input_tensor(0);
    TfLiteTensor *answer = state->interpreter->output_tensor(0);
    if (input == nullptr || answer == nullptr) {
        return EI_IMPULSE_INPUT_TENSOR_WAS_NULL;
    }
    if (input->bytes != features.size() * sizeof(float) || answer->bytes != output.size() * sizeof(float)) {
        return EI_IMPULSE_INVALID_SIZE;
    }
    std::memcpy(input->data.f, features.data(), input->bytes);
    if (state->interpreter->Invoke() != kTfLiteOk) {
        ei_printf("Invoke failed\n");
        return EI_IMPULSE_TFLITE_ERROR;
    }
    std::memcpy(output.data(), answer->data.f, answer->bytes);
    return EI_IMPULSE_OK;
}

#elif EI_CLASSIFIER_COMPILED == 1

inline EI_IMPULSE_ERROR run_graph(void *config, const ei_values &features, ei_values &output) {
    const auto *graph = static_cast<ei_config_tflite_eon_graph_t *>(config);
    return graph->invoke(features.data(), features.size(), output.data(), output.size());
}

#elif defined(TEST_WEIGHTS_AT)

namespace tflite {
void run_dense(const unsigned char *model, size_t weights, size_t biases, const float *input, size_t input_count,
               float *output, size_t output_count);
}

inline EI_IMPULSE_ERROR run_graph(void *config, const ei_values &features, ei_values &output) {
    const auto *graph = static_cast<ei_config_tflite_graph_t *>(config);
    tflite::run_dense(graph->model, TEST_WEIGHTS_AT, TEST_BIASES_AT, features.data(), features.size(), output.data(),
                      output.size());
    return EI_IMPULSE_OK;
}

#else

inline EI_IMPULSE_ERROR run_graph(void *, const ei_values &, ei_values &) { return EI_IMPULSE_OK; }

#endif

inline EI_IMPULSE_ERROR run_nn_inference(const ei_impulse *, const ei_values &features, ei_values &output, void *config) {
    return run_graph(static_cast<ei_learning_block_config_tflite_graph_t *>(config)->graph_config, features, output);
}
