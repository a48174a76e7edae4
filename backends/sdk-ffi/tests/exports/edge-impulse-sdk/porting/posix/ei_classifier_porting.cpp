#error "the shim has these functions: the platform's own must not be compiled"
