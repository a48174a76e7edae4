#include "edge-impulse-sdk/dsp/image/processing.hpp"

float ei::image::brightness(uint32_t pixel) {
    return float((pixel >> 16 & 255) + (pixel >> 8 & 255) + (pixel & 255)) / 765.0f;
}
