mod batch;
mod malformed;
mod post;
mod refused;
mod sku;
