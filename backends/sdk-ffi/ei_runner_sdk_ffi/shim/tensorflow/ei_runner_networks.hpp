// The networks of a model, opened by one of two engines, with tensors as the SDK wants them.
#ifndef EI_RUNNER_NETWORKS_HPP_
#define EI_RUNNER_NETWORKS_HPP_

#include <list>
#include <string>

#include "ei_runner_network.h"
#include "ei_runner_tensors.hpp"

#if EI_RUNNER_TFLITE_C
#include "ei_runner_tflite_c.hpp"
#elif EI_RUNNER_NETWORK_CALLBACK
#include "ei_runner_callback.hpp"
#else
#error "Define EI_RUNNER_NETWORK_CALLBACK=1 or EI_RUNNER_TFLITE_C=1"
#endif

#ifdef EI_CLASSIFIER_NN_INPUT_FRAME_SIZE
#define EI_RUNNER_NETWORK_FEATURES (EI_CLASSIFIER_NN_INPUT_FRAME_SIZE)
#else
#define EI_RUNNER_NETWORK_FEATURES 0
#endif

namespace ei_runner __attribute__((visibility("hidden"))) {

inline std::string network_error;

class Network {
public:
    Network(const void *model, size_t size) : model_(model), size_(size) {}

    bool is_of(const void *model, size_t size) const { return model_ == model && size_ == size; }

    // The SDK never lets go of what it has opened, but a host may: then it is opened anew.
    bool open() {
        if (is_open_) return true;
        const size_t room = EI_RUNNER_NETWORK_FEATURES * sizeof(float);
        const char *problem = engine.open(model_, size_, room, tensors_);
        if (!problem && (tensors_.inputs.empty() || tensors_.outputs.empty())) {
            engine.close();
            problem = "the network has no input or no output";
        }
        if (problem) return fails(problem);
        return is_open_ = true;
    }

    // The first thing that the SDK asks for, at every inference.
    Tensor *input(size_t index) {
        has_answer_ = lacks_output_ = false;
        return open() && index < tensors_.inputs.size() ? &tensors_.inputs[index] : nullptr;
    }

    // Never null, as the SDK looks into it unseen: run() refuses where it was not there.
    Tensor &output(size_t index) {
        const bool is_there = index < tensors_.outputs.size();
        if (is_there && tensors_.outputs[index].is_readable()) return tensors_.outputs[index];
        lacks_output_ = true;
        return nothing_;
    }

    bool run() {
        if (!is_open_) return fails("the network is closed");
        if (lacks_output_) {
            return fails("the network lacks an output of type float32, int8 or uint8 that the "
                         "impulse reads");
        }
        if (const char *problem = engine.invoke()) return fails(problem);
        return has_answer_ = true;
    }

    // Old generations of the SDK do not ask whether a run went well, but for this.
    bool has_answer() const { return has_answer_; }

    void close() {
        if (is_open_) engine.close();
        forget();
    }

    void forget() {
        is_open_ = has_answer_ = false;
        tensors_ = Tensors();
    }

    Engine engine;

private:
    bool fails(const char *problem) {
        network_error = problem;
        if (!is_open_) tensors_ = Tensors();
        return false;
    }

    const void *model_;
    size_t size_;
    Tensors tensors_;
    Tensor nothing_;
    bool is_open_ = false;
    bool has_answer_ = false;
    bool lacks_output_ = false;
};

// Trivial to destroy but for memory: at the end of a process no engine is called any more.
inline std::list<Network> networks;

inline Network &network_of(const void *model, size_t size) {
    for (Network &network : networks) {
        if (network.is_of(model, size)) return network;
    }
    return networks.emplace_back(model, size);
}

}  // namespace ei_runner

#define EI_RUNNER_EXPORTED extern "C" __attribute__((visibility("default"), used)) inline

EI_RUNNER_EXPORTED void ei_runner_close_networks(void) {
    for (ei_runner::Network &network : ei_runner::networks) network.close();
}

EI_RUNNER_EXPORTED const char *ei_runner_network_error(void) {
    return ei_runner::network_error.c_str();
}

#if EI_RUNNER_NETWORK_CALLBACK && !EI_RUNNER_TFLITE_C
EI_RUNNER_EXPORTED void ei_runner_set_network(const ei_runner_network *host) {
    for (ei_runner::Network &network : ei_runner::networks) network.forget();
    ei_runner::host = host ? *host : ei_runner_network{};
}
#endif

#endif  // EI_RUNNER_NETWORKS_HPP_
