// In place of the list of operators in the export, whose kernels are not compiled.
#include "edge-impulse-sdk/tensorflow/lite/micro/all_ops_resolver.h"
