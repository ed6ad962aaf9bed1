//! How a photo becomes a cutout, tags, an embedding and a try-on picture. Bytes in, values out: no I/O and
//! no AWS.

pub mod runner;
