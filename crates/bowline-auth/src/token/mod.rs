//! Requests for tokens, and what they are answered with.
