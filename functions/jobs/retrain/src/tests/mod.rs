mod crashes;
mod days;
mod late;
mod lost;
mod models;
mod people;
mod scorer;
mod world;
