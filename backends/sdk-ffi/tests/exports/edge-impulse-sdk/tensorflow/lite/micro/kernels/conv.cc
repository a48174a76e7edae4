#error "no model of the tests asks for this source: it must not be compiled"
