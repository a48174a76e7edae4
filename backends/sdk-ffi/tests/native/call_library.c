/* Calls libraries that ei-runner has built, with nothing but a C library: what a target has.
 *   call_library WINDOWS COUNT LIBRARY...
 * WINDOWS is a file of float32 values, COUNT of them a window. Prints what each model is, and then
 * for each window the answer of each model in turn, as lines of JSON. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../../ei_runner_sdk_ffi/shim/ei_runner.h"

enum { MOST = 4 };

typedef struct {
    void *library;
    int32_t (*open)(ei_runner_log);
    const char *(*description)(void);
    int32_t (*classify)(const float *, size_t, int32_t, ei_runner_result *);
    void (*close)(void);
} model;

static void fail(const char *what) {
    fprintf(stderr, "%s\n", what);
    exit(1);
}

static void *function(const model *of, const char *name) {
    void *found = dlsym(of->library, name);
    if (!found) {
        fail(dlerror());
    }
    return found;
}

static void quiet(const char *text, size_t length) {
    (void)text;
    (void)length;
}

static model load(const char *path) {
    model loaded = {.library = dlopen(path, RTLD_NOW | RTLD_LOCAL)};
    if (!loaded.library) {
        fail(dlerror());
    }
    loaded.open = function(&loaded, "ei_runner_open");
    loaded.description = function(&loaded, "ei_runner_description");
    loaded.classify = function(&loaded, "ei_runner_classify");
    loaded.close = function(&loaded, "ei_runner_close");
    if (loaded.open(quiet)) {
        fail("it does not open");
    }
    printf("%s\n", loaded.description());
    return loaded;
}

static double microseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e6 + now.tv_nsec * 1e-3;
}

static void print_result(const ei_runner_result *result, double us) {
    printf("{\"us\": %.1f, \"scores\": [", us);
    for (uint32_t i = 0; i < result->score_count; i++) {
        printf("%s%.9g", i ? ", " : "", result->scores[i]);
    }
    printf("], \"boxes\": [");
    for (uint32_t i = 0; i < result->box_count; i++) {
        const ei_runner_box *box = &result->boxes[i];
        printf("%s[%d, %.9g, %u, %u, %u, %u]", i ? ", " : "", box->label, box->value, box->x,
               box->y, box->width, box->height);
    }
    printf("]");
    if (result->has_anomaly) {
        printf(", \"anomaly\": %.9g", result->anomaly);
    }
    printf("}\n");
}

static void classify(const model *with, const float *window, size_t count) {
    ei_runner_result result;
    const double started = microseconds();
    const int32_t status = with->classify(window, count, 0, &result);
    if (status) {
        fprintf(stderr, "the status is %d\n", status);
        exit(1);
    }
    print_result(&result, microseconds() - started);
}

int main(int argc, char **argv) {
    model models[MOST];
    const int model_count = argc - 3;
    if (model_count < 1 || model_count > MOST) {
        fail("usage: call_library WINDOWS COUNT LIBRARY...");
    }
    const size_t count = strtoul(argv[2], NULL, 10);
    FILE *windows = fopen(argv[1], "rb");
    float *window = malloc(count * sizeof *window);
    if (!windows || !window) {
        fail("no windows");
    }
    for (int i = 0; i < model_count; i++) {
        models[i] = load(argv[3 + i]);
    }
    while (fread(window, sizeof *window, count, windows) == count) {
        for (int i = 0; i < model_count; i++) {
            classify(&models[i], window, count);
        }
    }
    free(window);
    fclose(windows);
    for (int i = 0; i < model_count; i++) {
        models[i].close();
        dlclose(models[i].library);
    }
    return 0;
}
