// In place of TensorFlow Lite Micro: the host's engine has the operators that it has.
#ifndef EI_RUNNER_MICRO_RESOLVER_H_
#define EI_RUNNER_MICRO_RESOLVER_H_

#include <cstddef>

namespace tflite {

// It tells the interpreter what that is not told: how long the network is.
struct AllOpsResolver {
    explicit AllOpsResolver(size_t size) : network_size(size) {}

    size_t network_size;
};

}  // namespace tflite

// The SDK expands it where it knows the network: by a name of its own until 2022, later as a graph.
#if __has_include("tflite-model/tflite-trained.h")
#define EI_TFLITE_RESOLVER const tflite::AllOpsResolver resolver(trained_tflite_len);
#else
#define EI_TFLITE_RESOLVER const tflite::AllOpsResolver resolver(graph_config->model_size);
#endif

#endif  // EI_RUNNER_MICRO_RESOLVER_H_
