mod expand;
mod matching;
mod parse;
