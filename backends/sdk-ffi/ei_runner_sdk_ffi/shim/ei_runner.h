/* What a compiled export offers to the process that loads it: plain C, the same for every
 * generation of the SDK. Python's side is made from this file, so it keeps to what cffi understands.
 * One call at a time: the SDK keeps its state in globals. */
#ifndef EI_RUNNER_H
#define EI_RUNNER_H

#include <stddef.h>
#include <stdint.h>

#pragma GCC visibility push(default)
#if defined(__cplusplus)
extern "C" {
#endif
/* A box, or a cell of a grid of anomalies. `label` counts from 0 in the labels of the model; it is
 * -1 for a text that is none of them, which then stands in `text`. */
typedef struct ei_runner_box {
    int32_t label;
    float value;
    uint32_t x, y, width, height;
    const char *text;
} ei_runner_box;

typedef struct ei_runner_track {
    ei_runner_box box;
    int32_t id;
    int32_t last_update;
    int32_t segment[4];
} ei_runner_track;

typedef struct ei_runner_values {
    const float *values;
    size_t count;
} ei_runner_values;

/* The answer to one window. All pointers are good until the next call; NULL stands for a part that
 * the model does not have. */
typedef struct ei_runner_result {
    const float *scores;
    const ei_runner_box *boxes;
    const ei_runner_box *cells;
    const ei_runner_track *tracks;
    const uint32_t *counts;
    const ei_runner_values *tensors;
    const char *detected_label;
    uint32_t score_count;
    uint32_t box_count;
    uint32_t cell_count;
    uint32_t track_count;
    uint32_t count_count;
    uint32_t tensor_count;
    int32_t has_anomaly;
    float anomaly;
    float visual_max;
    float visual_mean;
    int64_t dsp_us;
    int64_t classification_us;
    int64_t anomaly_us;
    int64_t postprocessing_us;
} ei_runner_result;

/* Takes what the SDK prints; the text is not terminated. */
typedef void (*ei_runner_log)(const char *text, size_t length);

/* The version of these declarations. */
int32_t ei_runner_abi(void);

/* Who runs the network: 0 code in this library (or nobody), 1 the host, by callback. */
int32_t ei_runner_network_host(void);

/* Makes ready to run. Returns a status: 0, what the SDK returns when it fails (below 0), or one of
 * the numbers from 1 on. To be called once, before anything below. */
int32_t ei_runner_open(ei_runner_log log);

/* What the model is, as JSON: the hello reply of the EIM protocol, thresholds as they are now. */
const char *ei_runner_description(void);

/* Answers one window, or one slice of a stream: 1 if a value is not finite, 2 if their number is
 * wrong, 3 if the SDK threw an exception. */
int32_t ei_runner_classify(const float *window, size_t count, int32_t debug, ei_runner_result *result);
int32_t ei_runner_classify_slice(const float *slice, size_t count, int32_t debug, ei_runner_result *result);

/* Forgets what earlier windows and slices left behind. */
int32_t ei_runner_reset(void);

/* Changes a value of a block, or reads it: 4 if there is none of that name. */
int32_t ei_runner_set_threshold(uint32_t block, const char *name, float value);
int32_t ei_runner_get_threshold(uint32_t block, const char *name, float *value);

/* What was thrown, after the status 3. */
const char *ei_runner_thrown(void);

/* What went wrong last with a network that no code of this library runs; empty if nothing did. */
const char *ei_runner_network_failure(void);

/* Frees what open allocated; nothing may be called after it. */
void ei_runner_close(void);

#if defined(__cplusplus)
}
#endif
#pragma GCC visibility pop

#endif
