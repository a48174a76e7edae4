// Whether all values of a window are finite.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace ei_runner {

// The exponent of a float that is not finite is all ones: one more carries into the bit of the sign.
// Two values at a time, in several sums that do not wait for each other, as compilers leave it at
// the levels of optimisation that are used here.
inline bool is_finite(const float *values, size_t count) {
    constexpr uint64_t exponents = 0x7f8000007f800000u, one = 0x0080000000800000u;
    constexpr uint64_t carries = 0x8000000080000000u;
    uint64_t found[4] = {0, 0, 0, 0};
    size_t i = 0;
    for (; i + 8 <= count; i += 8) {
        uint64_t pairs[4];
        std::memcpy(pairs, values + i, sizeof pairs);
        found[0] |= (pairs[0] & exponents) + one;
        found[1] |= (pairs[1] & exponents) + one;
        found[2] |= (pairs[2] & exponents) + one;
        found[3] |= (pairs[3] & exponents) + one;
    }
    for (; i < count; i++) {
        uint32_t single;
        std::memcpy(&single, values + i, sizeof single);
        found[0] |= (single & exponents) + one;
    }
    return ((found[0] | found[1] | found[2] | found[3]) & carries) == 0;
}

}  // namespace ei_runner
