#pragma once

#include <stdint.h>

namespace ei {
namespace image {
// How bright a pixel 0xRRGGBB is, from 0 to 1.
float brightness(uint32_t pixel);
}  // namespace image
}  // namespace ei
