"""A primary and its GTID read replica over TLS, as in RDS, with MariaDB or MySQL; no root needed."""

from typing import Final

from lab.databases.mariadb import MARIADB
from lab.databases.mysql import MYSQL
from lab.databases.pair import Pair, replicated_pair
from lab.databases.product import Product
from lab.databases.replica import Login, Replica, ReplicationError
from lab.databases.server import Server
from lab.databases.software import DatabaseMissingError

# By the names that DATABASE= and `--database` accept; the first is the default.
PRODUCTS: Final = {product.name: product for product in (MARIADB, MYSQL)}

__all__ = [
    "MARIADB",
    "MYSQL",
    "PRODUCTS",
    "DatabaseMissingError",
    "Login",
    "Pair",
    "Product",
    "Replica",
    "ReplicationError",
    "Server",
    "replicated_pair",
]
