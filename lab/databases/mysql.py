"""MySQL, as the lab runs it."""

from __future__ import annotations

import secrets
import subprocess
from typing import Final

from lab.databases.product import Product, Replicating, Software

# A small and fast server, whose data need not survive a crash of the machine. InnoDB needs at least 12 MB for its first
# file.
SMALL: Final = (
    "--innodb-redo-log-capacity=8M",
    "--innodb-doublewrite=OFF",
    "--innodb-data-file-path=ibdata1:12M:autoextend",
    "--innodb-temp-data-file-path=ibtmp1:12M:autoextend",
)


def options(software: Software) -> list[str]:
    """Return the options that every server gets."""
    plugins = software.base / "lib/mysql/plugin"
    return [
        f"--lc-messages-dir={software.share}",
        *([f"--plugin-dir={plugins}"] if plugins.is_dir() else []),
        "--mysqlx=OFF",
        "--secure-file-priv=",  # the default is a folder that only an installation creates
        *SMALL,
    ]


def create_data(software: Software, command: list[str]) -> str:
    """Fill an empty data folder. Return the password of its only account: root, from this machine."""
    password = secrets.token_urlsafe(24)
    subprocess.run(
        [*command, "--initialize-insecure", "--init-file=/dev/stdin"],
        env=software.environment,
        input=f"ALTER USER 'root'@'localhost' IDENTIFIED BY '{password}';\n",
        capture_output=True,
        text=True,
        check=True,
    )
    return password


MYSQL: Final = Product(
    name="mysql",
    title="MySQL",
    programs=("mysqld",),
    version=r"\bVer [89]\.",  # tells it from MariaDB's mysqld, which has been at 10 since 2012
    mark="charsets/Index.xml",
    package="default-mysql-server-core",
    debian=("mysql-server-core", "sid"),  # no Debian release has it
    install="apt install mysql-server-core-8.0, dnf install mysql-server, brew install mysql",
    options=options,
    create_data=create_data,
    leading=("--log-bin=bin", "--gtid-mode=ON", "--enforce-gtid-consistency=ON"),
    following=("--skip-log-bin", "--skip-log-replica-updates", "--gtid-mode=ON", "--enforce-gtid-consistency=ON"),
    identity="auto.cnf",
    set_position="",
    replicating=Replicating(
        follow="""
            CHANGE REPLICATION SOURCE TO source_host = %s, source_port = %s, source_user = %s, source_password = %s,
              source_ssl = 1, source_ssl_ca = %s, source_ssl_verify_server_cert = 1,
              source_auto_position = 1, source_connect_retry = 1
            """,
        stop="STOP REPLICA",
        start="START REPLICA",
        stop_applying="STOP REPLICA SQL_THREAD",
        start_applying="START REPLICA SQL_THREAD",
        delay="CHANGE REPLICATION SOURCE TO source_delay = %s",
        position="SELECT @@gtid_executed",
        wait="SELECT WAIT_FOR_EXECUTED_GTID_SET(%s, %s)",
        status="SHOW REPLICA STATUS",
        right="REPLICATION CLIENT",
    ),
)
