// Compiled where no start files of GCC are linked, as with zig: those destroy the globals of a
// library that is unloaded. Without them that happens when the process exits, and then the code
// that it takes is no longer there.
extern "C" {
extern void *__dso_handle __attribute__((visibility("hidden")));
void __cxa_finalize(void *library);
}

__attribute__((destructor)) static void destroy_globals() { __cxa_finalize(&__dso_handle); }
