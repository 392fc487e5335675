//! URLs, exactly as they were given.
