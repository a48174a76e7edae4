// INCBIN(name, "path") brings in a file as gNAME_data and gNAME_size.
#pragma once

#ifdef __APPLE__
#define INCBIN_SECTION ".const_data"
#define INCBIN_SYMBOL "_"
#else
#define INCBIN_SECTION ".section .rodata"
#define INCBIN_SYMBOL ""
#endif

#define INCBIN(name, path)                                                                         \
    __asm__(INCBIN_SECTION "\n.balign 16\n" INCBIN_SYMBOL "g" #name "_data:\n.incbin \"" path      \
                           "\"\n" INCBIN_SYMBOL "g" #name "_end:\n.byte 0\n.text\n");               \
    extern "C" const unsigned char g##name##_data[];                                               \
    extern "C" const unsigned char g##name##_end[];                                                \
    static const unsigned int g##name##_size = (unsigned int)(g##name##_end - g##name##_data)
