mod access;
mod answers;
mod calls;
mod listening;
#[cfg(feature = "http")]
mod mirrored;
mod needs;
mod support;
