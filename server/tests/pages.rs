//! The pages as a browser without JavaScript gets them.

mod forms;
mod get;
