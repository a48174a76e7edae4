// For the tests: as much of the SDK's types as the stand-in headers use.
#ifndef TEST_TENSORFLOW_COMMON_H_
#define TEST_TENSORFLOW_COMMON_H_

#include <stddef.h>
#include <stdint.h>

typedef enum TfLiteStatus { kTfLiteOk = 0, kTfLiteError = 1 } TfLiteStatus;
typedef enum {
    kTfLiteNoType = 0,
    kTfLiteFloat32 = 1,
    kTfLiteUInt8 = 3,
    kTfLiteInt64 = 4,
    kTfLiteInt8 = 9
} TfLiteType;

typedef struct TfLiteIntArray {
    int size;
    int data[];
} TfLiteIntArray;

typedef struct TfLiteQuantizationParams {
    float scale;
    int32_t zero_point;
} TfLiteQuantizationParams;

typedef union TfLitePtrUnion {
    float *f;
    char *raw;
    uint8_t *uint8;
    int8_t *int8;
} TfLitePtrUnion;

typedef struct TfLiteTensor {
    TfLiteType type;
    TfLitePtrUnion data;
    TfLiteIntArray *dims;
    TfLiteQuantizationParams params;
    size_t bytes;
} TfLiteTensor;

typedef struct TfLiteNode {
    TfLiteIntArray *inputs;
    TfLiteIntArray *outputs;
    void *user_data;
} TfLiteNode;

typedef struct TfLiteContext {
    size_t tensors_size;
    void *impl_;
    void (*ReportError)(struct TfLiteContext *, const char *format, ...);
    TfLiteTensor *(*GetTensor)(const struct TfLiteContext *, int index);
} TfLiteContext;

typedef struct TfLiteRegistration {
    void *(*init)(TfLiteContext *context, const char *buffer, size_t length);
    void (*free)(TfLiteContext *context, void *buffer);
    TfLiteStatus (*prepare)(TfLiteContext *context, TfLiteNode *node);
    TfLiteStatus (*invoke)(TfLiteContext *context, TfLiteNode *node);
} TfLiteRegistration;

typedef struct TfLiteDelegate TfLiteDelegate;

#endif  // TEST_TENSORFLOW_COMMON_H_
