// The tensors that the SDK looks into, filled from what an engine tells about its own.
#ifndef EI_RUNNER_TENSORS_HPP_
#define EI_RUNNER_TENSORS_HPP_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "edge-impulse-sdk/tensorflow/lite/c/common.h"

namespace ei_runner __attribute__((visibility("hidden"))) {

template <typename T> struct TypeOf;
template <> struct TypeOf<float> { static constexpr TfLiteType value = kTfLiteFloat32; };
template <> struct TypeOf<int8_t> { static constexpr TfLiteType value = kTfLiteInt8; };
template <> struct TypeOf<uint8_t> { static constexpr TfLiteType value = kTfLiteUInt8; };

class Tensor {
public:
    // A tensor without memory or type: what stands for one that a network does not have.
    Tensor() : Tensor(kTfLiteNoType, {}, nullptr, 0, {}) {}

    Tensor(TfLiteType type, std::vector<int> dims, void *data, size_t bytes,
           TfLiteQuantizationParams params)
        : sized_dims_(std::move(dims)) {
        sized_dims_.insert(sized_dims_.begin(), static_cast<int>(sized_dims_.size()));
        view_.type = type;
        view_.data.raw = static_cast<char *>(data);
        view_.bytes = bytes;
        view_.params = params;
        // An array of a length and that many numbers, whichever of the SDK's sources are linked.
        view_.dims = reinterpret_cast<TfLiteIntArray *>(sized_dims_.data());
    }

    Tensor(Tensor &&) = default;
    Tensor(const Tensor &) = delete;
    Tensor &operator=(const Tensor &) = delete;

    TfLiteTensor *view() { return &view_; }

    // Its memory, or null if it is of another type.
    template <typename T> T *data() {
        return view_.type == TypeOf<T>::value ? reinterpret_cast<T *>(view_.data.raw) : nullptr;
    }

    size_t element_count() const {
        size_t count = 1;
        for (size_t i = 1; i < sized_dims_.size(); i++) count *= sized_dims_[i];
        return count;
    }

    // Whether it is of one of the three types that the SDK reads and writes.
    bool is_readable() const {
        return view_.type == kTfLiteFloat32 || view_.type == kTfLiteInt8 ||
               view_.type == kTfLiteUInt8;
    }

private:
    std::vector<int> sized_dims_;
    TfLiteTensor view_{};
};

struct Tensors {
    std::vector<Tensor> inputs;
    std::vector<Tensor> outputs;
};

}  // namespace ei_runner

#endif  // EI_RUNNER_TENSORS_HPP_
