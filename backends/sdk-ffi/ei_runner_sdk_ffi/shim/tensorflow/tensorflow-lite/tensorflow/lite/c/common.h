// In place of full TensorFlow Lite: the types are those of the SDK's own copy.
#ifndef EI_RUNNER_TENSORFLOW_COMMON_H_
#define EI_RUNNER_TENSORFLOW_COMMON_H_

#include "edge-impulse-sdk/tensorflow/lite/c/common.h"

#endif  // EI_RUNNER_TENSORFLOW_COMMON_H_
