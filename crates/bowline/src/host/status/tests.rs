//! The JSON of a status, and what the meter tells.
