// In place of TensorFlow Lite Micro: the operators of a host's engine are not timed.
#ifndef EI_RUNNER_MICRO_PROFILER_H_
#define EI_RUNNER_MICRO_PROFILER_H_

namespace tflite {

class MicroProfiler {
public:
    void LogCsv() const {}
    void LogTicksPerTagCsv() const {}
};

}  // namespace tflite

#endif  // EI_RUNNER_MICRO_PROFILER_H_
