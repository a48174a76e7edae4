// In place of TensorFlow Lite Micro: what goes wrong is told by the host.
#ifndef EI_RUNNER_MICRO_ERROR_REPORTER_H_
#define EI_RUNNER_MICRO_ERROR_REPORTER_H_

namespace tflite {

class ErrorReporter {
public:
    int Report(const char *, ...) { return 0; }
};

class MicroErrorReporter : public ErrorReporter {};

}  // namespace tflite

#endif  // EI_RUNNER_MICRO_ERROR_REPORTER_H_
