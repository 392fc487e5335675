//! What each verb does.
