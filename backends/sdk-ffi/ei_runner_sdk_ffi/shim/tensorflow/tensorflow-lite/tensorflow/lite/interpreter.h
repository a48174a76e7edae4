// In place of full TensorFlow Lite: what the SDK asks of an interpreter, in all its generations.
#ifndef EI_RUNNER_TENSORFLOW_INTERPRETER_H_
#define EI_RUNNER_TENSORFLOW_INTERPRETER_H_

#include <cstddef>
#include <map>     // the SDK takes these for granted
#include <memory>
#include <string>

#include "ei_runner_networks.hpp"
#include "kernels/register.h"
#include "model.h"

namespace tflite {

class __attribute__((visibility("hidden"))) Interpreter {
public:
    explicit Interpreter(ei_runner::Network &network) : network_(network) {}

    TfLiteStatus AllocateTensors() { return status(network_.open()); }

    // The engine has as many threads as it was opened with.
    TfLiteStatus SetNumThreads(int) { return kTfLiteOk; }

    TfLiteStatus Invoke() { return status(network_.run()); }

    TfLiteTensor *input_tensor(size_t index) {
        ei_runner::Tensor *tensor = network_.input(index);
        return tensor ? tensor->view() : nullptr;
    }

    TfLiteTensor *output_tensor(size_t index) { return network_.output(index).view(); }

    // Who asks for it fills it without comparing sizes.
    template <typename T> T *typed_input_tensor(size_t index) {
        ei_runner::Tensor *tensor = network_.input(index);
        const bool fits = tensor && tensor->element_count() == EI_RUNNER_NETWORK_FEATURES;
        return fits ? tensor->data<T>() : nullptr;
    }

    template <typename T> T *typed_output_tensor(size_t index) {
        return network_.has_answer() ? network_.output(index).data<T>() : nullptr;
    }

#if EI_RUNNER_TFLITE_C
    TfLiteStatus ModifyGraphWithDelegate(TfLiteDelegate *delegate) {
        network_.engine.use(delegate);
        return kTfLiteOk;
    }
#endif

private:
    static TfLiteStatus status(bool is_well) { return is_well ? kTfLiteOk : kTfLiteError; }

    ei_runner::Network &network_;
};

class __attribute__((visibility("hidden"))) InterpreterBuilder {
public:
    InterpreterBuilder(const FlatBufferModel &model,
                       const ops::builtin::BuiltinOpResolver &resolver)
        : network_(ei_runner::network_of(model.buffer, model.size)) {
        for (const auto &add : resolver.additions) add(network_.engine);
    }

    // Always makes one: the SDK of some years uses it without asking after an earlier failure.
    TfLiteStatus operator()(std::unique_ptr<Interpreter> *interpreter) {
        interpreter->reset(new Interpreter(network_));
        return kTfLiteOk;
    }

private:
    ei_runner::Network &network_;
};

}  // namespace tflite

#endif  // EI_RUNNER_TENSORFLOW_INTERPRETER_H_
