// For the tests: a libtensorflowlite_c that knows one kind of network. Its model says what happens:
//   "double N" doubles N numbers, "custom N" runs the operator Sum on them, "integers N" takes int8,
//   "refuse" cannot be prepared, "full" not allocated, "break N" not run.
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

extern "C" {

// Laid out like no struct of the SDK's: who looks into it sees that.
struct EiRunnerOpaqueTensor {
    char padding[24];
    int type = 1;
    std::vector<float> values;
};
typedef EiRunnerOpaqueTensor Tensor;
struct TfLiteQuantizationParams { float scale; int zero_point; };
struct TfLiteXNNPackDelegateOptions { int num_threads; int others[9]; };
struct TfLiteDelegate { int num_threads; };
struct TfLiteModel { std::string text; };
struct TfLiteOperator {
    std::string name;
    void *data;
    void *(*init)(void *, void *, const char *, size_t);
    void (*release)(void *, void *, void *);
    int (*prepare)(void *, void *, void *);
    int (*invoke)(void *, void *, void *);
};
typedef void (*Report)(void *, const char *, va_list);
struct TfLiteInterpreterOptions {
    int threads;
    TfLiteDelegate *delegate;
    TfLiteOperator *custom;
    Report report;
    void *context;
};
struct TfLiteInterpreter {
    std::string kind;
    TfLiteInterpreterOptions options;
    Tensor input, output;
    void *state;
};

static int alive = 0;
int fake_tflite_alive(void) { return alive; }

const char *TfLiteVersion(void) { return VERSION; }

TfLiteModel *TfLiteModelCreate(const void *bytes, size_t size) {
    std::string text(static_cast<const char *>(bytes), size);
    if (text == "damaged") return nullptr;
    alive++;
    return new TfLiteModel{text};
}
void TfLiteModelDelete(TfLiteModel *model) { alive--; delete model; }

TfLiteInterpreterOptions *TfLiteInterpreterOptionsCreate(void) {
    alive++;
    return new TfLiteInterpreterOptions{};
}
void TfLiteInterpreterOptionsDelete(TfLiteInterpreterOptions *options) { alive--; delete options; }
void TfLiteInterpreterOptionsSetNumThreads(TfLiteInterpreterOptions *options, int count) {
    options->threads = count;
}
void TfLiteInterpreterOptionsAddDelegate(TfLiteInterpreterOptions *options, TfLiteDelegate *one) {
    options->delegate = one;
}
void TfLiteInterpreterOptionsSetErrorReporter(TfLiteInterpreterOptions *options, Report report,
                                              void *context) {
    options->report = report;
    options->context = context;
}
void TfLiteInterpreterOptionsAddOperator(TfLiteInterpreterOptions *options, TfLiteOperator *one) {
    options->custom = one;
}

static int complain(const TfLiteInterpreterOptions &options, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    options.report(options.context, format, arguments);
    va_end(arguments);
    return 1;
}

TfLiteInterpreter *TfLiteInterpreterCreate(const TfLiteModel *model,
                                           const TfLiteInterpreterOptions *options) {
    char kind[16];
    int count = 1;
    std::sscanf(model->text.c_str(), "%15s %d", kind, &count);
    const bool is_custom = !std::strcmp(kind, "custom");
    if (!std::strcmp(kind, "refuse") || (is_custom && !options->custom)) {
        complain(*options, "Encountered unresolved custom op: %s.", "Sum");
        return nullptr;
    }
    alive++;
    auto *made = new TfLiteInterpreter{kind, *options, {}, {}, nullptr};
    made->input.values.resize(count);
    made->output.values.resize(is_custom ? 1 : count);
    if (!std::strcmp(kind, "integers")) made->input.type = made->output.type = 9;
    TfLiteOperator *custom = options->custom;
    if (is_custom) made->state = custom->init(custom->data, nullptr, "\x64", 1);
    return made;
}
void TfLiteInterpreterDelete(TfLiteInterpreter *one) {
    alive--;
    if (one->state) one->options.custom->release(one->options.custom->data, nullptr, one->state);
    delete one;
}
int TfLiteInterpreterAllocateTensors(TfLiteInterpreter *one) {
    if (one->kind == "full") return complain(one->options, "no memory\nfor %d tensors", 2);
    if (one->kind != "custom") return 0;
    return one->options.custom->prepare(one->options.custom->data, nullptr, one);
}
int TfLiteInterpreterInvoke(TfLiteInterpreter *one) {
    if (one->kind == "break") return complain(one->options, "node %d failed", 3);
    if (one->kind == "custom") {
        return one->options.custom->invoke(one->options.custom->data, nullptr, one);
    }
    for (size_t i = 0; i < one->input.values.size(); i++) {
        one->output.values[i] = 2 * one->input.values[i];
    }
    return 0;
}

int TfLiteInterpreterGetInputTensorCount(const TfLiteInterpreter *) { return 1; }
int TfLiteInterpreterGetOutputTensorCount(const TfLiteInterpreter *) { return 1; }
Tensor *TfLiteInterpreterGetInputTensor(TfLiteInterpreter *one, int) { return &one->input; }
const Tensor *TfLiteInterpreterGetOutputTensor(TfLiteInterpreter *one, int) {
    return &one->output;
}
int TfLiteTensorType(const Tensor *one) { return one->type; }
int TfLiteTensorNumDims(const Tensor *) { return 2; }
int TfLiteTensorDim(const Tensor *one, int at) { return at ? (int)one->values.size() : 1; }
size_t TfLiteTensorByteSize(const Tensor *one) {
    return one->values.size() * (one->type == 1 ? sizeof(float) : 1);
}
void *TfLiteTensorData(Tensor *one) { return one->values.data(); }
TfLiteQuantizationParams TfLiteTensorQuantizationParams(const Tensor *) { return {0, 0}; }

#ifndef WITHOUT_XNNPACK
TfLiteXNNPackDelegateOptions TfLiteXNNPackDelegateOptionsDefault(void) { return {9, {}}; }
TfLiteDelegate *TfLiteXNNPackDelegateCreate(const TfLiteXNNPackDelegateOptions *options) {
    alive++;
    return new TfLiteDelegate{options->num_threads};
}
void TfLiteXNNPackDelegateDelete(TfLiteDelegate *one) { alive--; delete one; }
#endif

TfLiteOperator *TfLiteOperatorCreateWithData(int, const char *name, int, void *data) {
    return new TfLiteOperator{name, data, nullptr, nullptr, nullptr, nullptr};
}
void TfLiteOperatorSetInitWithData(TfLiteOperator *one,
                                   void *(*init)(void *, void *, const char *, size_t)) {
    one->init = init;
}
void TfLiteOperatorSetFreeWithData(TfLiteOperator *one, void (*release)(void *, void *, void *)) {
    one->release = release;
}
void TfLiteOperatorSetPrepareWithData(TfLiteOperator *one, int (*prepare)(void *, void *, void *)) {
    one->prepare = prepare;
}
void TfLiteOperatorSetInvokeWithData(TfLiteOperator *one, int (*invoke)(void *, void *, void *)) {
    one->invoke = invoke;
}
int TfLiteOpaqueNodeNumberOfInputs(const void *) { return 1; }
int TfLiteOpaqueNodeNumberOfOutputs(const void *) { return 1; }
const Tensor *TfLiteOpaqueNodeGetInput(const void *, TfLiteInterpreter *one, int) {
    return &one->input;
}
Tensor *TfLiteOpaqueNodeGetOutput(void *, TfLiteInterpreter *one, int) { return &one->output; }
void *TfLiteOpaqueNodeGetUserData(TfLiteInterpreter *one) { return one->state; }
}
