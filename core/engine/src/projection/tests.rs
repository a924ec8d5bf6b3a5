//! The laws of the projection: rebuilt equals kept, whatever came in which order.
