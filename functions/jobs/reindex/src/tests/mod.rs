mod faults;
mod updates;
mod versions;
mod world;
