// For the tests: the network of an export of 2021, which the tests set.
static const unsigned char *trained_tflite;
static unsigned int trained_tflite_len;
