"""A MariaDB primary and its GTID read replica, over TLS, as RDS would give them; no root and no installation needed."""

from lab.mariadb.pair import Pair, replicated_pair
from lab.mariadb.replica import Login, Replica, ReplicationError
from lab.mariadb.server import Server
from lab.mariadb.software import MariadbMissingError

__all__ = ["Login", "MariadbMissingError", "Pair", "Replica", "ReplicationError", "Server", "replicated_pair"]
