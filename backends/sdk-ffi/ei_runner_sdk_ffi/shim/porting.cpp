// What the SDK asks of a platform. The functions that exports bring themselves are never compiled:
// Arduino libraries have none for POSIX systems, and those of the others print to standard output.
#include "log.hpp"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>

#include "edge-impulse-sdk/porting/ei_classifier_porting.h"

namespace ei_runner {

static ei_runner_log receiver = nullptr;

void set_log(ei_runner_log log) { receiver = log; }

static void write(const char *text, int length) {
    if (receiver != nullptr && length > 0) {
        receiver(text, static_cast<size_t>(length));
    }
}

static uint64_t nanoseconds() {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<uint64_t>(now.tv_sec) * 1000000000u + static_cast<uint64_t>(now.tv_nsec);
}

}  // namespace ei_runner

#if EI_RUNNER_STATIC_RUNTIME
// The C++ runtime in this library keeps memory for exceptions that no memory is left for. It gives
// it back when a process ends, but not when a library is unloaded.
namespace __gnu_cxx {
__attribute__((weak)) void __freeres();
}

__attribute__((destructor)) static void free_runtime() {
    if (__gnu_cxx::__freeres != nullptr) {
        __gnu_cxx::__freeres();
    }
}
#endif

#if defined(__cplusplus) && EI_C_LINKAGE == 1
extern "C" {
#endif

void ei_printf(const char *format, ...) {
    if (ei_runner::receiver == nullptr) {
        return;
    }
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < static_cast<int>(sizeof text)) {
        ei_runner::write(text, length);
        return;
    }
    std::vector<char> longer(static_cast<size_t>(length) + 1);
    va_start(arguments, format);
    vsnprintf(longer.data(), longer.size(), format, arguments);
    va_end(arguments);
    ei_runner::write(longer.data(), length);
}

void ei_printf_float(float value) { ei_printf("%f", static_cast<double>(value)); }

void ei_putchar(char character) { ei_runner::write(&character, 1); }

char ei_getchar(void) { return 0; }

void ei_serial_set_baudrate(int) {}

void *ei_malloc(size_t size) { return malloc(size); }

void *ei_calloc(size_t count, size_t size) { return calloc(count, size); }

void ei_free(void *memory) { free(memory); }

uint64_t ei_read_timer_ms() { return ei_runner::nanoseconds() / 1000000u; }

uint64_t ei_read_timer_us() { return ei_runner::nanoseconds() / 1000u; }

EI_IMPULSE_ERROR ei_sleep(int32_t milliseconds) {
    const timespec time = {milliseconds / 1000, (milliseconds % 1000) * 1000000l};
    nanosleep(&time, nullptr);
    return EI_IMPULSE_OK;
}

EI_IMPULSE_ERROR ei_run_impulse_check_canceled() { return EI_IMPULSE_OK; }

void DebugLog(const char *text) { ei_printf("%s", text); }

#if defined(__cplusplus) && EI_C_LINKAGE == 1
}
#endif
