"""One typed function per read, over a read-only connection; reads the mart schema only and never the write side."""
