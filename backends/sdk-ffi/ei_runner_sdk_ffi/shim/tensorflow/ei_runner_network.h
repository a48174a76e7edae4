/* How a compiled model and its host agree on who runs the network.
 *
 * Built with EI_RUNNER_NETWORK_CALLBACK=1 a model has no engine: the host brings one through
 * ei_runner_set_network(). Built with EI_RUNNER_TFLITE_C=1 it calls a libtensorflowlite_c.
 * Everything here is plain C and belongs to the binary interface: fields are only ever added at
 * the end of a struct. One thread at a time may be inside a model; nothing here takes a lock.
 */
#ifndef EI_RUNNER_NETWORK_H_
#define EI_RUNNER_NETWORK_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One input or output. Memory and dimensions belong to the host until it closes the network. */
typedef struct ei_runner_tensor {
    void *data;
    size_t bytes;
    int32_t type; /* a TfLiteType */
    int32_t rank;
    const int32_t *dims;
    float scale; /* real = (raw - zero_point) * scale; 0: not quantised */
    int32_t zero_point;
} ei_runner_tensor;

/* What the host tells about a network that it has opened. */
typedef struct ei_runner_opened {
    intptr_t handle;
    int32_t input_count;
    int32_t output_count;
    const ei_runner_tensor *inputs;
    const ei_runner_tensor *outputs;
} ei_runner_opened;

/* The host's engine; its functions return 0, or anything else if they failed. */
typedef struct ei_runner_network {
    void *context;
    /* room: how many bytes may be written to the first input, whatever the network's size. */
    int32_t (*open)(void *context, const void *model, size_t size, size_t room,
                    ei_runner_opened *opened);
    int32_t (*invoke)(void *context, intptr_t handle);
    void (*close)(void *context, intptr_t handle);
} ei_runner_network;

/* Callback only. From now on networks are opened by this host; NULL: by nobody. The struct is
 * copied. What an earlier host has opened is forgotten without a word to it. */
void ei_runner_set_network(const ei_runner_network *host);

/* Close every open network. A model that is called again opens its networks again. */
void ei_runner_close_networks(void);

/* What went wrong last, in words; empty if nothing did. Valid until the next call. */
const char *ei_runner_network_error(void);

#ifdef __cplusplus
}
#endif

#endif /* EI_RUNNER_NETWORK_H_ */
