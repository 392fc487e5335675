mod annotation;
mod media;
mod outgoing;
mod value;
