//! Files of clients in every layout, changed and changed back.

mod book;
mod edit;
mod wanted;
