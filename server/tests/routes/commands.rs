mod malformed;
mod post;
mod refused;
