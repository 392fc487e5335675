mod annotation;
mod media;
mod value;
