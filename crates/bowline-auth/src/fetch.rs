//! What is to be fetched, and what came.
