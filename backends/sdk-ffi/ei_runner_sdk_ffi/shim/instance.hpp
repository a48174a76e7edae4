// The one model of this library, from open to close.
#pragma once

#include "thresholds.hpp"

namespace ei_runner {

#if EI_RUNNER_HAS_IMPULSE

class Instance : public Model {
public:
    Instance() : learn_blocks_(impulse) {}

    Thresholds thresholds() {
        Thresholds found;
        list_impulse(found, impulse);
        learn_blocks_.list(found);
        list_postprocessing(found, impulse, target());
        return found;
    }

private:
    LearnBlocks learn_blocks_;
};

#else

class Instance : public Model {
public:
    Thresholds thresholds() { return {}; }
};

#endif

}  // namespace ei_runner
