// Where the SDK's messages go.
#pragma once

#include "ei_runner.h"

namespace ei_runner {

void set_log(ei_runner_log log);

}  // namespace ei_runner
