mod answers;
mod calls;
mod listening;
mod support;
