mod crashes;
mod days;
mod models;
mod people;
mod world;
