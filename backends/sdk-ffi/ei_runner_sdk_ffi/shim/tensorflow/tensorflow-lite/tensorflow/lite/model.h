// In place of full TensorFlow Lite: a network in memory.
#ifndef EI_RUNNER_TENSORFLOW_MODEL_H_
#define EI_RUNNER_TENSORFLOW_MODEL_H_

#include <cstddef>
#include <memory>

namespace tflite {

class FlatBufferModel {
public:
    // The bytes are not copied; the SDK has them for as long as the process lives.
    static std::unique_ptr<FlatBufferModel> BuildFromBuffer(const char *buffer, size_t size) {
        return std::unique_ptr<FlatBufferModel>(new FlatBufferModel{buffer, size});
    }

    const char *buffer;
    size_t size;
};

}  // namespace tflite

#endif  // EI_RUNNER_TENSORFLOW_MODEL_H_
