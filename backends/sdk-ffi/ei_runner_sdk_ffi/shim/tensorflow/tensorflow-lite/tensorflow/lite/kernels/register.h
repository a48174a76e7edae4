// In place of full TensorFlow Lite: the operators that the SDK adds to an engine's own.
#ifndef EI_RUNNER_TENSORFLOW_REGISTER_H_
#define EI_RUNNER_TENSORFLOW_REGISTER_H_

#include <functional>
#include <vector>

#include "ei_runner_networks.hpp"

namespace tflite {
namespace ops {
namespace builtin {

class __attribute__((visibility("hidden"))) BuiltinOpResolver {
public:
    // The name lives as long as the process, as does the registration. Only a model that calls
    // this needs an engine that takes operators.
    void AddCustom(const char *name, const TfLiteRegistration *registration) {
        additions.push_back([name, registration](ei_runner::Engine &engine) {
            engine.add(name, registration);
        });
    }

    std::vector<std::function<void(ei_runner::Engine &)>> additions;
};

}  // namespace builtin
}  // namespace ops
}  // namespace tflite

#endif  // EI_RUNNER_TENSORFLOW_REGISTER_H_
