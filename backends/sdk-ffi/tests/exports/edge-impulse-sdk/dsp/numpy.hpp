// Signals and matrices.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <functional>
#include <utility>

namespace ei {

struct signal_t {
    std::function<int(size_t offset, size_t length, float *out)> get_data;
    size_t total_length;
};

struct matrix_t {
    float *buffer;
    uint32_t rows;
    uint32_t cols;

    matrix_t(uint32_t rows, uint32_t cols) : buffer(new float[rows * cols]()), rows(rows), cols(cols) {}
    matrix_t(matrix_t &&other) : buffer(std::exchange(other.buffer, nullptr)), rows(other.rows), cols(other.cols) {}
    ~matrix_t() { delete[] buffer; }
};

}  // namespace ei

using namespace ei;
