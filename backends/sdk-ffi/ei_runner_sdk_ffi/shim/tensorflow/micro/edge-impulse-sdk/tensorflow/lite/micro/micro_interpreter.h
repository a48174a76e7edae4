// In place of TensorFlow Lite Micro: what the SDK asks of its interpreter, in all its generations.
#ifndef EI_RUNNER_MICRO_INTERPRETER_H_
#define EI_RUNNER_MICRO_INTERPRETER_H_

#include <cstddef>
#include <cstdint>

#include "edge-impulse-sdk/tensorflow/lite/micro/all_ops_resolver.h"
#include "edge-impulse-sdk/tensorflow/lite/schema/schema_generated.h"
#include "ei_runner_networks.hpp"

namespace tflite {

class __attribute__((visibility("hidden"))) MicroInterpreter {
public:
    // The engine has memory of its own: the arena stays as it is. Behind it generations differ.
    template <typename... Others>
    MicroInterpreter(const Model *model, const AllOpsResolver &resolver, uint8_t *, size_t,
                     Others &&...)
        : network_(ei_runner::network_of(model, resolver.network_size)) {}

    // The SDK makes one for every inference, never two at once, and after a failure deletes it
    // twice or not at all.
    static void *operator new(size_t size) {
        alignas(std::max_align_t) static char memory[sizeof(ei_runner::Network *)];
        static_assert(sizeof(MicroInterpreter) == sizeof memory, "one fits in");
        (void)size;
        return memory;
    }
    static void operator delete(void *) {}

    TfLiteStatus AllocateTensors(bool = true) { return status(network_.open()); }

    TfLiteStatus Invoke() { return status(network_.run()); }

    // What is there once the tensors are allocated.
    TfLiteTensor *input(size_t index) { return network_.input(index)->view(); }

    TfLiteTensor *output(size_t index) { return network_.output(index).view(); }

private:
    static TfLiteStatus status(bool is_well) { return is_well ? kTfLiteOk : kTfLiteError; }

    ei_runner::Network &network_;
};

}  // namespace tflite

#endif  // EI_RUNNER_MICRO_INTERPRETER_H_
