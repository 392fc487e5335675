//! Which texts are URLs, and what they are made of.
