"""A MariaDB primary and its GTID read replica, over TLS, as RDS would give them; no root and no installation needed."""

from lab.mariadb.pair import Login, Pair, replicated_pair
from lab.mariadb.server import Server
from lab.mariadb.software import MariadbMissingError

__all__ = ["Login", "MariadbMissingError", "Pair", "Server", "replicated_pair"]
