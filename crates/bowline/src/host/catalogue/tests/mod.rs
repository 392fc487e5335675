mod globs;
mod merging;
mod names;
mod offers;
mod pages;
mod places;
mod stored;
mod support;
