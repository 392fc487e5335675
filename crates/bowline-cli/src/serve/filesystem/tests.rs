//! The whole server in process, on a directory tree of its own, beside a canary that nothing may ever touch.

mod attacks;
mod deep;
mod files;
mod fixture;
mod race;
mod roots;
mod search;
mod special;
