"""The backend ``sdk-ffi``: C++ exports, compiled once and called in-process."""
