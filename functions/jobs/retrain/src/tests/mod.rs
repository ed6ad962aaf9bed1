mod crashes;
mod days;
mod models;
mod people;
mod scorer;
mod world;
