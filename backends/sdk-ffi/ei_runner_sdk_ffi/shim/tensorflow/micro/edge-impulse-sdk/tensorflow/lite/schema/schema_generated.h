// In place of the schema of TensorFlow Lite: a network that nobody looks into but the host.
#ifndef EI_RUNNER_MICRO_SCHEMA_H_
#define EI_RUNNER_MICRO_SCHEMA_H_

#define TFLITE_SCHEMA_VERSION 3

namespace tflite {

class Model {
public:
    int version() const { return TFLITE_SCHEMA_VERSION; }
};

inline const Model *GetModel(const void *network) { return static_cast<const Model *>(network); }

}  // namespace tflite

#endif  // EI_RUNNER_MICRO_SCHEMA_H_
