//! Calls over the bridge.
