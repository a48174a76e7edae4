// What the SDK asks of a platform.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "edge-impulse-sdk/dsp/returntypes.h"

#if defined(__cplusplus) && EI_C_LINKAGE == 1
extern "C" {
#endif

EI_IMPULSE_ERROR ei_run_impulse_check_canceled();
void ei_serial_set_baudrate(int baudrate);
EI_IMPULSE_ERROR ei_sleep(int32_t time_ms);
uint64_t ei_read_timer_ms();
uint64_t ei_read_timer_us();
void ei_putchar(char c);
char ei_getchar(void);
void ei_printf(const char *format, ...);
void ei_printf_float(float f);
void *ei_malloc(size_t size);
void *ei_calloc(size_t nitems, size_t size);
void ei_free(void *ptr);

#if defined(__cplusplus) && EI_C_LINKAGE == 1
}
#endif
