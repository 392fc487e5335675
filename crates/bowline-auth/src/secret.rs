//! What nothing shows.
