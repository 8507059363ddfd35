//! The pages as a browser without JavaScript gets them, and what those with it ask for.

mod altered;
mod files;
mod forms;
mod functions;
mod get;
mod hostile;
