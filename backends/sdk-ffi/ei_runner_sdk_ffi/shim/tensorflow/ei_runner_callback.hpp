// The engine of a model whose networks run wherever the host says.
#ifndef EI_RUNNER_CALLBACK_HPP_
#define EI_RUNNER_CALLBACK_HPP_

#include "ei_runner_network.h"
#include "ei_runner_tensors.hpp"

namespace ei_runner __attribute__((visibility("hidden"))) {

inline ei_runner_network host{};

class Engine {
public:
    // Returns what is wrong, or nullptr.
    const char *open(const void *model, size_t size, size_t room, Tensors &tensors) {
        if (!host.open) return "no host runs the networks of this model";
        ei_runner_opened opened{};
        if (host.open(host.context, model, size, room, &opened) != 0) {
            return "the host could not open the network";
        }
        handle_ = opened.handle;
        describe(opened.inputs, opened.input_count, tensors.inputs);
        describe(opened.outputs, opened.output_count, tensors.outputs);
        return nullptr;
    }

    const char *invoke() {
        if (!host.invoke) return "no host runs the networks of this model";
        return host.invoke(host.context, handle_) ? "the host could not run the network" : nullptr;
    }

    void close() {
        if (host.close) host.close(host.context, handle_);
    }

    // The host's engine has the operators that it has.
    void add(const char *, const TfLiteRegistration *) {}

private:
    static void describe(const ei_runner_tensor *told, int32_t count, std::vector<Tensor> &tensors) {
        for (int32_t i = 0; i < count; i++) {
            const ei_runner_tensor &one = told[i];
            tensors.emplace_back(static_cast<TfLiteType>(one.type),
                                 std::vector<int>(one.dims, one.dims + one.rank), one.data,
                                 one.bytes, TfLiteQuantizationParams{one.scale, one.zero_point});
        }
    }

    intptr_t handle_ = 0;
};

}  // namespace ei_runner

#endif  // EI_RUNNER_CALLBACK_HPP_
