// Operators of the SDK inside a linked libtensorflowlite_c.
//
// The SDK's kernels are compiled against its own copy of TensorFlow Lite's structs, which are laid
// out differently in the library. So a kernel never sees those of the library: it gets a context
// and a node of the SDK's own, that hold the same tensors.
#ifndef EI_RUNNER_OPERATORS_HPP_
#define EI_RUNNER_OPERATORS_HPP_

#include <functional>
#include <list>
#include <string>

#include "ei_runner_tensors.hpp"
#include "ei_runner_tflite_c_api.h"

namespace ei_runner __attribute__((visibility("hidden"))) {

inline Tensor described(const EiRunnerOpaqueTensor *tensor) {
    std::vector<int> dims;
    for (int32_t i = 0; i < TfLiteTensorNumDims(tensor); i++) {
        dims.push_back(TfLiteTensorDim(tensor, i));
    }
    return Tensor(TfLiteTensorType(tensor), std::move(dims), TfLiteTensorData(tensor),
                  TfLiteTensorByteSize(tensor), TfLiteTensorQuantizationParams(tensor));
}

// One call of a kernel: its inputs are the tensors 0 and on, its outputs those behind them.
class KernelCall {
public:
    KernelCall(TfLiteOpaqueContext *context, TfLiteOpaqueNode *node) {
        for (int i = 0; i < TfLiteOpaqueNodeNumberOfInputs(node); i++) {
            append(inputs_, TfLiteOpaqueNodeGetInput(context, node, i));
        }
        for (int i = 0; i < TfLiteOpaqueNodeNumberOfOutputs(node); i++) {
            append(outputs_, TfLiteOpaqueNodeGetOutput(context, node, i));
        }
        context_.impl_ = this;
        context_.tensors_size = tensors_.size();
        context_.GetTensor = [](const TfLiteContext *own, int index) {
            return static_cast<KernelCall *>(own->impl_)->tensors_[index].view();
        };
        context_.ReportError = ignore;
        node_.inputs = as_array(inputs_);
        node_.outputs = as_array(outputs_);
        node_.user_data = TfLiteOpaqueNodeGetUserData(node);
    }

    TfLiteContext *context() { return &context_; }
    TfLiteNode *node() { return &node_; }

private:
    static void ignore(TfLiteContext *, const char *, ...) {}

    void append(std::vector<int> &sized, const EiRunnerOpaqueTensor *tensor) {
        sized.push_back(static_cast<int>(tensors_.size()));
        sized[0]++;
        tensors_.push_back(described(tensor));
    }

    static TfLiteIntArray *as_array(std::vector<int> &sized) {
        return reinterpret_cast<TfLiteIntArray *>(sized.data());
    }

    std::vector<Tensor> tensors_;
    std::vector<int> inputs_{0};
    std::vector<int> outputs_{0};
    TfLiteContext context_{};
    TfLiteNode node_{};
};

inline const TfLiteRegistration *kernel_of(void *data) {
    return static_cast<const TfLiteRegistration *>(data);
}

inline void *init_kernel(void *data, TfLiteOpaqueContext *, const char *buffer, size_t length) {
    return kernel_of(data)->init ? kernel_of(data)->init(nullptr, buffer, length) : nullptr;
}

inline void free_kernel(void *data, TfLiteOpaqueContext *, void *state) {
    if (kernel_of(data)->free) kernel_of(data)->free(nullptr, state);
}

inline TfLiteStatus prepare_kernel(void *data, TfLiteOpaqueContext *context,
                                   TfLiteOpaqueNode *node) {
    KernelCall call(context, node);
    return kernel_of(data)->prepare ? kernel_of(data)->prepare(call.context(), call.node())
                                    : kTfLiteOk;
}

inline TfLiteStatus invoke_kernel(void *data, TfLiteOpaqueContext *context,
                                  TfLiteOpaqueNode *node) {
    KernelCall call(context, node);
    return kernel_of(data)->invoke(call.context(), call.node());
}

// The operators that the SDK has added. What the library needs for them is linked only by models
// that add one; they live as long as the process.
class Operators {
public:
    void add(const char *name, const TfLiteRegistration *kernel) {
        for (const auto &[known, operator_] : added_) {
            if (known == name) return;
        }
        TfLiteOperator *made = TfLiteOperatorCreateWithData(
            kBuiltinCustom, name, 1, const_cast<TfLiteRegistration *>(kernel));
        TfLiteOperatorSetInitWithData(made, init_kernel);
        TfLiteOperatorSetFreeWithData(made, free_kernel);
        TfLiteOperatorSetPrepareWithData(made, prepare_kernel);
        TfLiteOperatorSetInvokeWithData(made, invoke_kernel);
        added_.emplace_back(name, [made](TfLiteInterpreterOptions *options) {
            TfLiteInterpreterOptionsAddOperator(options, made);
        });
    }

    void add_to(TfLiteInterpreterOptions *options) const {
        for (const auto &[name, add_operator] : added_) add_operator(options);
    }

private:
    static constexpr int kBuiltinCustom = 32;

    std::list<std::pair<std::string, std::function<void(TfLiteInterpreterOptions *)>>> added_;
};

}  // namespace ei_runner

#endif  // EI_RUNNER_OPERATORS_HPP_
