// The engine of a model whose networks run in a linked libtensorflowlite_c.
#ifndef EI_RUNNER_TFLITE_C_HPP_
#define EI_RUNNER_TFLITE_C_HPP_

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "ei_runner_operators.hpp"
#include "ei_runner_tensors.hpp"
#include "ei_runner_tflite_c_api.h"

#ifndef EI_RUNNER_NETWORK_THREADS
#define EI_RUNNER_NETWORK_THREADS 1  // more are slower for the small networks of most impulses
#endif

namespace ei_runner __attribute__((visibility("hidden"))) {

class Engine {
public:
    // Returns what is wrong, or nullptr.
    const char *open(const void *model, size_t size, size_t, Tensors &tensors) {
        said_.clear();
        if (std::atoi(TfLiteVersion()) != 2) return wrong_version();
        model_ = TfLiteModelCreate(model, size);
        if (!model_) return failed("the model is no TensorFlow Lite network");
        return start(tensors);
    }

    // A delegate that the SDK has made is used whatever the network is of.
    void use(TfLiteDelegate *delegate) { given_delegate_ = delegate; }

    void add(const char *name, const TfLiteRegistration *registration) {
        operators_.add(name, registration);
    }

    const char *invoke() {
        said_.clear();
        if (TfLiteInterpreterInvoke(interpreter_) == kTfLiteOk) return nullptr;
        said_.insert(0, "TensorFlow Lite could not run the network: ");
        return said_.c_str();
    }

    void close() {
        if (interpreter_) TfLiteInterpreterDelete(interpreter_);
        if (xnnpack_) TfLiteXNNPackDelegateDelete(xnnpack_);
        if (model_) TfLiteModelDelete(model_);
        interpreter_ = nullptr;
        xnnpack_ = nullptr;
        model_ = nullptr;
    }

private:
    const char *start(Tensors &tensors) {
        make_interpreter(given_delegate_);
        // XNNPACK rounds sums of integers at other places than Micro, and which network is one of
        // integers only an interpreter tells.
        if (interpreter_ && !given_delegate_ && !takes_integers() && make_xnnpack()) {
            TfLiteInterpreterDelete(interpreter_);
            make_interpreter(xnnpack_);
        }
        if (!interpreter_) return failed("TensorFlow Lite could not prepare the network: ");
        if (TfLiteInterpreterAllocateTensors(interpreter_) != kTfLiteOk) {
            return failed("TensorFlow Lite could not allocate the network: ");
        }
        describe(tensors);
        return nullptr;
    }

    void make_interpreter(TfLiteDelegate *delegate) {
        TfLiteInterpreterOptions *options = TfLiteInterpreterOptionsCreate();
        TfLiteInterpreterOptionsSetNumThreads(options, EI_RUNNER_NETWORK_THREADS);
        TfLiteInterpreterOptionsSetErrorReporter(options, note, &said_);
        if (delegate) TfLiteInterpreterOptionsAddDelegate(options, delegate);
        operators_.add_to(options);
        interpreter_ = TfLiteInterpreterCreate(model_, options);
        TfLiteInterpreterOptionsDelete(options);
    }

    bool takes_integers() const {
        return TfLiteInterpreterGetInputTensorCount(interpreter_) > 0 &&
               TfLiteTensorType(TfLiteInterpreterGetInputTensor(interpreter_, 0)) != kTfLiteFloat32;
    }

    bool make_xnnpack() {
        if (!TfLiteXNNPackDelegateCreate) return false;
        EiRunnerXNNPackOptions options = TfLiteXNNPackDelegateOptionsDefault();
        options.num_threads = EI_RUNNER_NETWORK_THREADS;
        xnnpack_ = TfLiteXNNPackDelegateCreate(&options);
        return xnnpack_ != nullptr;
    }

    void describe(Tensors &tensors) const {
        for (int32_t i = 0; i < TfLiteInterpreterGetInputTensorCount(interpreter_); i++) {
            tensors.inputs.push_back(described(TfLiteInterpreterGetInputTensor(interpreter_, i)));
        }
        for (int32_t i = 0; i < TfLiteInterpreterGetOutputTensorCount(interpreter_); i++) {
            tensors.outputs.push_back(described(TfLiteInterpreterGetOutputTensor(interpreter_, i)));
        }
    }

    const char *failed(const char *what) {
        said_.insert(0, what);
        close();
        return said_.c_str();
    }

    const char *wrong_version() {
        said_ = std::string("libtensorflowlite_c is of version ") + TfLiteVersion() +
                ", expected 2.x: link another one";
        return said_.c_str();
    }

    static void note(void *context, const char *format, va_list arguments) {
        char line[512];
        std::vsnprintf(line, sizeof line, format, arguments);
        for (char *end = line; (end = std::strchr(end, '\n'));) *end = ' ';
        std::string &said = *static_cast<std::string *>(context);
        said += said.empty() ? line : std::string("; ") + line;
    }

    TfLiteModel *model_ = nullptr;
    TfLiteInterpreter *interpreter_ = nullptr;
    TfLiteDelegate *xnnpack_ = nullptr;
    TfLiteDelegate *given_delegate_ = nullptr;
    Operators operators_;
    std::string said_;
};

}  // namespace ei_runner

#endif  // EI_RUNNER_TFLITE_C_HPP_
