// In place of full TensorFlow Lite: the SDK includes it and uses nothing of it.
