// For the tests: a model that asks full TensorFlow Lite for the same things, in the same order, as
// the engines of three generations of the SDK.
#include <cstring>
#include <memory>
#include <vector>

#ifndef EI_CLASSIFIER_NN_INPUT_FRAME_SIZE
#define EI_CLASSIFIER_NN_INPUT_FRAME_SIZE 4
#endif

#ifdef TEST_OF_2021
#include "tensorflow/lite/c/common.h"
#include "tensorflow/lite/interpreter.h"
#include "tensorflow/lite/kernels/register.h"
#include "tensorflow/lite/model.h"
#include "tensorflow/lite/optional_debug_tools.h"
#else
#include "tensorflow-lite/tensorflow/lite/c/common.h"
#include "tensorflow-lite/tensorflow/lite/interpreter.h"
#include "tensorflow-lite/tensorflow/lite/kernels/register.h"
#include "tensorflow-lite/tensorflow/lite/model.h"
#include "tensorflow-lite/tensorflow/lite/optional_debug_tools.h"
#endif

enum { OK = 0, TFLITE_ERROR = -3, INPUT_NULL = -10, OUTPUT_NULL = -11, INVALID_SIZE = -16 };
static const int FEATURES = EI_CLASSIFIER_NN_INPUT_FRAME_SIZE;

#define EXPORTED extern "C" __attribute__((visibility("default")))

struct State {
    std::unique_ptr<tflite::FlatBufferModel> model;
    std::unique_ptr<tflite::Interpreter> interpreter;
};

// A kernel as the SDK has one: it adds its inputs up, and counts its calls in its state.
static TfLiteTensor *tensor_of(TfLiteContext *context, const TfLiteIntArray *indices, int at) {
    return context->GetTensor(context, indices->data[at]);
}
static TfLiteRegistration *sum_kernel() {
    static TfLiteRegistration made = {
        [](TfLiteContext *, const char *buffer, size_t length) -> void * {
            return new float(length ? buffer[0] : 0);
        },
        [](TfLiteContext *, void *state) { delete static_cast<float *>(state); },
        [](TfLiteContext *context, TfLiteNode *node) {
            const bool fits = node->inputs->size == 1 && node->outputs->size == 1 &&
                              tensor_of(context, node->inputs, 0)->type == kTfLiteFloat32;
            if (!fits) context->ReportError(context, "unexpected: %d", node->inputs->size);
            return fits ? kTfLiteOk : kTfLiteError;
        },
        [](TfLiteContext *context, TfLiteNode *node) {
            const TfLiteTensor *input = tensor_of(context, node->inputs, 0);
            float sum = *static_cast<float *>(node->user_data);
            for (int i = 0; i < input->dims->data[input->dims->size - 1]; i++) {
                sum += input->data.f[i];
            }
            tensor_of(context, node->outputs, 0)->data.f[0] = sum;
            return kTfLiteOk;
        }};
    return &made;
}

static int start(State &state, const char *bytes, size_t size) {
    state.model = tflite::FlatBufferModel::BuildFromBuffer(bytes, size);
    if (!state.model) return TFLITE_ERROR;
    tflite::ops::builtin::BuiltinOpResolver resolver;
#ifdef TEST_WITH_KERNEL
    resolver.AddCustom("Sum", sum_kernel());
#else
    (void)sum_kernel;
#endif
    tflite::InterpreterBuilder builder(*state.model, resolver);
    builder(&state.interpreter);
    if (!state.interpreter) return TFLITE_ERROR;
    if (state.interpreter->AllocateTensors() != kTfLiteOk) return TFLITE_ERROR;
    return state.interpreter->SetNumThreads(7) == kTfLiteOk ? OK : TFLITE_ERROR;
}

static std::vector<char> model;

EXPORTED void ei_runner_test_model(const char *bytes, size_t size) {
    model.assign(bytes, bytes + size);
}

// 2021 and 2022: typed tensors, nothing is compared, and nobody asks how the run went.
template <typename T> static int oldest(const float *features, float *answer) {
    static State state;
    if (!state.model) {
        if (int problem = start(state, model.data(), model.size())) return problem;
    }
    T *input = state.interpreter->typed_input_tensor<T>(0);
    if (!input) return INPUT_NULL;
    for (int i = 0; i < FEATURES; i++) input[i] = static_cast<T>(features[i]);
    state.interpreter->Invoke();
    T *output = state.interpreter->typed_output_tensor<T>(0);
    if (!output) return OUTPUT_NULL;
    answer[0] = output[0];
    return OK;
}

EXPORTED int ei_runner_test_oldest(const float *features, float *answer) {
    return oldest<float>(features, answer);
}

EXPORTED int ei_runner_test_oldest_int8(const float *features, float *answer) {
    return oldest<int8_t>(features, answer);
}

static State *latest_state = nullptr;

static int interpreter_of(tflite::Interpreter **interpreter) {
    if (!latest_state) {
        State *made = new State();
        if (int problem = start(*made, model.data(), model.size())) return problem;
        latest_state = made;
    }
    *interpreter = latest_state->interpreter.get();
    return OK;
}

// Fills first and compares then.
static int filled(TfLiteTensor *input, const float *features) {
    for (int i = 0; i < FEATURES; i++) {
        switch (input->type) {
            case kTfLiteFloat32: input->data.f[i] = features[i]; break;
            case kTfLiteInt8:
                input->data.int8[i] = static_cast<int8_t>(features[i] / input->params.scale +
                                                          input->params.zero_point);
                break;
            default: return INPUT_NULL;
        }
    }
    const size_t count = static_cast<size_t>(FEATURES);
    return input->bytes / 4 != count && input->bytes != count ? INVALID_SIZE : OK;
}

static float real(const TfLiteTensor *output) {
    if (output->type == kTfLiteFloat32) return output->data.f[0];
    return (output->data.int8[0] - output->params.zero_point) * output->params.scale;
}

// 2023 to 1.73: the data first, scores and labels after the run, of any index.
EXPORTED int ei_runner_test_middle(const float *features, float *answer, int index) {
    tflite::Interpreter *interpreter;
    if (int problem = interpreter_of(&interpreter)) return problem;
    TfLiteTensor *input = interpreter->input_tensor(0);
    TfLiteTensor *output = interpreter->output_tensor(index);
    if (!input) return INPUT_NULL;
    if (!output) return OUTPUT_NULL;
    if (int problem = filled(input, features)) return problem;
    if (interpreter->Invoke() != kTfLiteOk) return TFLITE_ERROR;
    if (interpreter->output_tensor(255)->data.f) return OUTPUT_NULL;
    answer[0] = real(output);
    return OK;
}

// From 1.74: all outputs are cleared unseen, before the input is looked at.
EXPORTED int ei_runner_test_latest(const float *features, float *answer, int count) {
    tflite::Interpreter *interpreter;
    if (int problem = interpreter_of(&interpreter)) return problem;
    TfLiteTensor *input = interpreter->input_tensor(0);
    std::vector<TfLiteTensor *> outputs;
    for (int i = 0; i < count; i++) {
        outputs.push_back(interpreter->output_tensor(i));
        std::memset(outputs[i]->data.raw, 0, outputs[i]->bytes);
    }
    if (!input) return INPUT_NULL;
    if (int problem = filled(input, features)) return problem;
    if (interpreter->Invoke() != kTfLiteOk) return TFLITE_ERROR;
    for (int i = 0; i < count; i++) {
        size_t size = 1;
        for (int dim = 0; dim < outputs[i]->dims->size; dim++) size *= outputs[i]->dims->data[dim];
        answer[i] = size ? real(outputs[i]) : 0;
    }
    return OK;
}
