//! The index of what boutiques sell: one memory-mappable file, exact and approximate search, filters. No I/O but reading files.
