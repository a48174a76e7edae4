// For the tests: a model that asks TensorFlow Lite Micro for the same things, in the same order, as
// the engines of two generations of the SDK: that of 2021, and that of today.
#include <cmath>
#include <vector>

#include "edge-impulse-sdk/tensorflow/lite/micro/all_ops_resolver.h"
#ifdef TEST_OF_2021
#include "edge-impulse-sdk/tensorflow/lite/micro/micro_error_reporter.h"
#endif
#include "edge-impulse-sdk/tensorflow/lite/micro/micro_interpreter.h"
#include "edge-impulse-sdk/tensorflow/lite/schema/schema_generated.h"
#ifdef TEST_OF_2021
#include "tflite-model/tflite-trained.h"
#else
#include "edge-impulse-sdk/tensorflow/lite/schema/schema_generated_full.h"
#endif
#include "tflite-model/tflite-resolver.h"
#ifdef EI_CLASSIFIER_ENABLE_PROFILER
#include "edge-impulse-sdk/tensorflow/lite/micro/micro_profiler.h"
#endif

enum { OK = 0, TFLITE_ERROR = -3, INPUT_NULL = -10, OUTPUT_NULL = -11 };
static const int FEATURES = 4;

static std::vector<char> model;

#define EXPORTED extern "C" __attribute__((visibility("default")))

EXPORTED void ei_runner_test_model(const char *bytes, size_t size) {
    model.assign(bytes, bytes + size);
#ifdef TEST_OF_2021
    trained_tflite = reinterpret_cast<const unsigned char *>(model.data());
    trained_tflite_len = static_cast<unsigned int>(size);
#endif
}

static int setup(TfLiteTensor **input, TfLiteTensor **output, tflite::MicroInterpreter **made) {
    static uint8_t arena[16];
#ifdef TEST_OF_2021
    static tflite::MicroErrorReporter micro_error_reporter;
    static tflite::ErrorReporter *error_reporter = &micro_error_reporter;
    const tflite::Model *network = tflite::GetModel(trained_tflite);
#else
    struct { const char *model; size_t model_size; } graph{model.data(), model.size()}, *graph_config = &graph;
    const tflite::Model *network = tflite::GetModel(graph_config->model);
#endif
    if (network->version() != TFLITE_SCHEMA_VERSION) return TFLITE_ERROR;
    EI_TFLITE_RESOLVER
#ifdef TEST_OF_2021
    *made = new tflite::MicroInterpreter(network, resolver, arena, sizeof arena, error_reporter);
    if ((*made)->AllocateTensors() != kTfLiteOk) {
        error_reporter->Report("AllocateTensors() failed (%d)", 1);
        return TFLITE_ERROR;
    }
#else
    *made = new tflite::MicroInterpreter(network, resolver, arena, sizeof arena, nullptr, nullptr);
    if ((*made)->AllocateTensors(true) != kTfLiteOk) return TFLITE_ERROR;
#endif
    *input = (*made)->input(0);
    *output = (*made)->output(0);
    return OK;
}

static float real(const TfLiteTensor *output) {
    if (output->type == kTfLiteFloat32) return output->data.f[0];
    return (output->data.int8[0] - output->params.zero_point) * output->params.scale;
}

EXPORTED int ei_runner_test_micro(const float *features, float *answer) {
    TfLiteTensor *input, *output;
    tflite::MicroInterpreter *interpreter;
    if (int problem = setup(&input, &output, &interpreter)) return problem;
    for (int i = 0; i < FEATURES; i++) {
        switch (input->type) {
            case kTfLiteFloat32: input->data.f[i] = features[i]; break;
            case kTfLiteInt8:
                input->data.int8[i] = static_cast<int8_t>(
                    std::round(features[i] / input->params.scale) + input->params.zero_point);
                break;
            default: return INPUT_NULL;
        }
    }
    // From 2023 the SDK deletes the interpreter of a run that failed, reads the outputs, and
    // deletes it once more.
    const bool is_well = interpreter->Invoke() == kTfLiteOk;
    if (!is_well) delete interpreter;
    const bool is_known = output->type == kTfLiteFloat32 || output->type == kTfLiteInt8;
    if (output->dims->size && is_known && is_well) answer[0] = real(output);
    delete interpreter;
    if (!is_known) return OUTPUT_NULL;
    return is_well ? OK : TFLITE_ERROR;
}
