// In place of the schema of TensorFlow Lite: the SDK includes it beside schema_generated.h.
