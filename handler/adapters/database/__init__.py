"""Read replicas over PyMySQL: sessions, parameter binding, and what errors and warnings mean."""
