"""MariaDB, as the lab runs it."""

from __future__ import annotations

import secrets
import subprocess
from pathlib import Path
from typing import Final

from lab.databases.product import Product, Replicating, Software

PACKAGE: Final = "mariadb-server-core"  # the server alone: no client, no service, no configuration
# A small and fast server, whose data need not survive a crash of the machine.
SMALL: Final = (
    "--innodb-log-file-size=8M",
    "--innodb-data-file-path=ibdata1:4M:autoextend",
    "--innodb-temp-data-file-path=ibtmp1:4M:autoextend",
)


def options(software: Software) -> list[str]:
    """Return the options that every server gets."""
    return [f"--lc-messages-dir={software.share}", "--collation-server=utf8mb4_unicode_ci", *SMALL]


def create_data(software: Software, command: list[str]) -> str:
    """Fill an empty data folder. Return the password of its only account: root, from this machine."""
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
    subprocess.run(
        [*command, "--bootstrap"],
        input="\n".join(statements) + "\n",
        env=software.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return password


def _system_tables(share: Path) -> list[Path]:
    """Return the scripts of `mariadb-install-db`; MariaDB 11 renamed them."""
    names = (
        "m*_system_tables.sql",
        "m*_performance_tables.sql",
        "m*_system_tables_data.sql",
        "maria_add_gis_sp_bootstrap.sql",
    )
    return [script for name in names for script in share.glob(name)]


MARIADB: Final = Product(
    name="mariadb",
    title="MariaDB",
    programs=("mariadbd", "mysqld"),
    version="MariaDB",
    mark="m*_system_tables.sql",
    package=PACKAGE,
    debian=(PACKAGE, ""),
    install="apt install mariadb-server-core, dnf install mariadb-server, brew install mariadb",
    options=options,
    create_data=create_data,
    leading=("--log-bin=bin", "--gtid-strict-mode=1"),
    following=(),
    identity="",
    set_position="SET GLOBAL gtid_slave_pos = %s",
    replicating=Replicating(
        follow="""
            CHANGE MASTER TO master_host = %s, master_port = %s, master_user = %s, master_password = %s,
              master_ssl = 1, master_ssl_ca = %s, master_ssl_verify_server_cert = 1,
              master_use_gtid = slave_pos, master_connect_retry = 1
            """,
        stop="STOP SLAVE",
        start="START SLAVE",
        stop_applying="STOP SLAVE SQL_THREAD",
        start_applying="START SLAVE SQL_THREAD",
        delay="CHANGE MASTER TO master_delay = %s",
        position="SELECT @@gtid_binlog_pos",
        wait="SELECT MASTER_GTID_WAIT(%s, %s)",
        status="SHOW SLAVE STATUS",
        right="REPLICA MONITOR",
    ),
)
