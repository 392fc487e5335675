//! How a client is let in: one state machine, driven from outside.
