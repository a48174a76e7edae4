/* The part of the TensorFlow Lite C API that a linked libtensorflowlite_c is called by. */
#ifndef EI_RUNNER_TFLITE_C_API_H_
#define EI_RUNNER_TFLITE_C_API_H_

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "edge-impulse-sdk/tensorflow/lite/c/common.h"

extern "C" {

struct TfLiteModel;
struct TfLiteInterpreter;
struct TfLiteInterpreterOptions;

const char *TfLiteVersion(void);

TfLiteModel *TfLiteModelCreate(const void *model, size_t size);
void TfLiteModelDelete(TfLiteModel *model);

TfLiteInterpreterOptions *TfLiteInterpreterOptionsCreate(void);
void TfLiteInterpreterOptionsDelete(TfLiteInterpreterOptions *options);
void TfLiteInterpreterOptionsSetNumThreads(TfLiteInterpreterOptions *options, int32_t count);
void TfLiteInterpreterOptionsAddDelegate(TfLiteInterpreterOptions *options,
                                         TfLiteDelegate *delegate);
void TfLiteInterpreterOptionsSetErrorReporter(TfLiteInterpreterOptions *options,
                                              void (*report)(void *context, const char *format,
                                                             va_list arguments),
                                              void *context);

TfLiteInterpreter *TfLiteInterpreterCreate(const TfLiteModel *model,
                                           const TfLiteInterpreterOptions *options);
void TfLiteInterpreterDelete(TfLiteInterpreter *interpreter);
TfLiteStatus TfLiteInterpreterAllocateTensors(TfLiteInterpreter *interpreter);
TfLiteStatus TfLiteInterpreterInvoke(TfLiteInterpreter *interpreter);

/* Its tensors are not laid out as the SDK's are: they are only asked, never looked into. */
struct EiRunnerOpaqueTensor;
int32_t TfLiteInterpreterGetInputTensorCount(const TfLiteInterpreter *interpreter);
int32_t TfLiteInterpreterGetOutputTensorCount(const TfLiteInterpreter *interpreter);
EiRunnerOpaqueTensor *TfLiteInterpreterGetInputTensor(const TfLiteInterpreter *interpreter,
                                                      int32_t index);
const EiRunnerOpaqueTensor *TfLiteInterpreterGetOutputTensor(const TfLiteInterpreter *interpreter,
                                                             int32_t index);
TfLiteType TfLiteTensorType(const EiRunnerOpaqueTensor *tensor);
int32_t TfLiteTensorNumDims(const EiRunnerOpaqueTensor *tensor);
int32_t TfLiteTensorDim(const EiRunnerOpaqueTensor *tensor, int32_t index);
size_t TfLiteTensorByteSize(const EiRunnerOpaqueTensor *tensor);
void *TfLiteTensorData(const EiRunnerOpaqueTensor *tensor);
TfLiteQuantizationParams TfLiteTensorQuantizationParams(const EiRunnerOpaqueTensor *tensor);

/* Not every build of the library has XNNPACK: then these are null. The struct is longer than the
 * library's own of any version; the library fills it in and reads it. */
struct EiRunnerXNNPackOptions {
    int32_t num_threads;
    int64_t others[63];
};
__attribute__((weak)) EiRunnerXNNPackOptions TfLiteXNNPackDelegateOptionsDefault(void);
__attribute__((weak)) TfLiteDelegate *TfLiteXNNPackDelegateCreate(
    const EiRunnerXNNPackOptions *options);
__attribute__((weak)) void TfLiteXNNPackDelegateDelete(TfLiteDelegate *delegate);

/* For models that bring an operator of their own. */
struct TfLiteOperator;
struct TfLiteOpaqueContext;
struct TfLiteOpaqueNode;
TfLiteOperator *TfLiteOperatorCreateWithData(int builtin_code, const char *name, int version,
                                             void *data);
void TfLiteOperatorSetInitWithData(TfLiteOperator *made,
                                   void *(*init)(void *data, TfLiteOpaqueContext *context,
                                                 const char *buffer, size_t length));
void TfLiteOperatorSetFreeWithData(TfLiteOperator *made,
                                   void (*free)(void *data, TfLiteOpaqueContext *context,
                                                void *state));
void TfLiteOperatorSetPrepareWithData(TfLiteOperator *made,
                                      TfLiteStatus (*prepare)(void *data,
                                                              TfLiteOpaqueContext *context,
                                                              TfLiteOpaqueNode *node));
void TfLiteOperatorSetInvokeWithData(TfLiteOperator *made,
                                     TfLiteStatus (*invoke)(void *data,
                                                            TfLiteOpaqueContext *context,
                                                            TfLiteOpaqueNode *node));
void TfLiteInterpreterOptionsAddOperator(TfLiteInterpreterOptions *options, TfLiteOperator *made);
int TfLiteOpaqueNodeNumberOfInputs(const TfLiteOpaqueNode *node);
int TfLiteOpaqueNodeNumberOfOutputs(const TfLiteOpaqueNode *node);
const EiRunnerOpaqueTensor *TfLiteOpaqueNodeGetInput(const TfLiteOpaqueContext *context,
                                                     const TfLiteOpaqueNode *node, int index);
EiRunnerOpaqueTensor *TfLiteOpaqueNodeGetOutput(TfLiteOpaqueContext *context,
                                                const TfLiteOpaqueNode *node, int index);
void *TfLiteOpaqueNodeGetUserData(const TfLiteOpaqueNode *node);
}

#endif /* EI_RUNNER_TFLITE_C_API_H_ */
