//! The pages as a browser without JavaScript gets them, and the requests of one with JavaScript.

mod altered;
mod files;
mod forms;
mod functions;
mod get;
mod hostile;
