"""How a MariaDB server is called, and how its data folder is made."""

from __future__ import annotations

import os
import secrets
import subprocess
from pathlib import Path
from typing import Final

from lab.mariadb.software import Software
from lab.tls import Authority, Certificate

HOST: Final = "127.0.0.1"
# A small and quick server, whose data need not survive the machine.
SMALL: Final = (
    "--max-allowed-packet=16M",
    "--innodb-log-file-size=8M",
    "--innodb-buffer-pool-size=32M",
    "--innodb-data-file-path=ibdata1:4M:autoextend",
    "--innodb-autoextend-increment=4",
    "--innodb-temp-data-file-path=ibtmp1:4M:autoextend",
    "--innodb-use-native-aio=0",
    "--innodb-flush-log-at-trx-commit=2",
    "--sync-binlog=0",
    "--performance-schema=0",
)


def command(software: Software, data: Path) -> list[str | Path]:
    """Return the command line of a server on loopback that keeps its data in `data`."""
    return [
        software.program,
        "--no-defaults",  # first, or it counts as unknown
        f"--basedir={software.base}",
        f"--datadir={data}",
        f"--tmpdir={data}",
        f"--lc-messages-dir={software.share}",
        f"--character-sets-dir={software.share / 'charsets'}",
        f"--bind-address={HOST}",
        "--skip-name-resolve",
        "--character-set-server=utf8mb4",
        "--collation-server=utf8mb4_unicode_ci",
        "--default-time-zone=+00:00",
        *SMALL,
        *(["--user=root"] if os.geteuid() == 0 else []),  # it refuses to run as root unless told to
    ]


def tls_options(certificate: Certificate, authority: Authority) -> list[str]:
    """Let TCP in with TLS alone."""
    return [
        f"--ssl-ca={authority.ca}",
        f"--ssl-cert={certificate.cert}",
        f"--ssl-key={certificate.key}",
        "--require-secure-transport=1",
    ]


def create_data(software: Software, data: Path) -> str:
    """Fill an empty data folder, and return the password of its only account: root, on this machine."""
    data.mkdir(parents=True)
    password = secrets.token_urlsafe(24)
    account = f"JSON_SET(Priv, '$.plugin', 'mysql_native_password', '$.authentication_string', PASSWORD('{password}'))"
    statements = [
        "CREATE DATABASE IF NOT EXISTS mysql;",
        "USE mysql;",
        "SET @auth_root_socket = NULL;",
        *(script.read_text(encoding="utf-8") for script in _system_tables(software.share)),
        "DELETE FROM mysql.global_priv WHERE User = 'root' AND Host <> 'localhost';",
        f"UPDATE mysql.global_priv SET Priv = {account} WHERE User = 'root';",
    ]
    done = subprocess.run(
        [*command(software, data), "--bootstrap"],
        input="\n".join(statements) + "\n",
        env=software.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"MariaDB could not create its system tables in {data}:\n{done.stderr[-2000:]}")
    return password


def _system_tables(share: Path) -> list[Path]:
    """The scripts of `mariadb-install-db`; their names changed with MariaDB 11."""
    names = (
        "m*_system_tables.sql",
        "m*_performance_tables.sql",
        "m*_system_tables_data.sql",
        "maria_add_gis_sp_bootstrap.sql",
    )
    return [script for name in names for script in share.glob(name)]
