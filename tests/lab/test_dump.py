"""A dump as the tools write it becomes tables; what cannot be loaded is told with its line, and without a value."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner

from lab import application
from lab.databases import MARIADB, MYSQL, Pair, Product
from lab.databases.dump import DumpError, load, product_of, statements

SCHEMA = "dumped"
# What mysqldump --databases --routines --triggers --set-gtid-purged=ON of MySQL writes, and what mariadb-dump adds.
DUMP = r"""/*!999999\- enable the sandbox mode */
-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64); it's a comment
/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!50503 SET NAMES utf8mb4 */;
/*!40014 SET @OLD_UNIQUE_CHECKS=@@UNIQUE_CHECKS, UNIQUE_CHECKS=0 */;
SET @MYSQLDUMP_TEMP_LOG_BIN = @@SESSION.SQL_LOG_BIN;
SET @@SESSION.SQL_LOG_BIN= 0;
SET @@GLOBAL.GTID_PURGED=/*!80000 '+'*/ '3e11fa47-71ca-11e1-9e33-c80aa9429562:1-77';
/*!40000 DROP DATABASE IF EXISTS `production`*/;
CREATE DATABASE /*!32312 IF NOT EXISTS*/ `production` /*!40100 DEFAULT CHARACTER SET utf8mb4 */;
USE `production`;
DROP TABLE IF EXISTS `event`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
CREATE TABLE `event` (
  `id` int NOT NULL AUTO_INCREMENT, -- the id; not more
  `said` text COMMENT 'it''s; what they said',
  PRIMARY KEY (`id`)
) ENGINE=InnoDB AUTO_INCREMENT=3 DEFAULT CHARSET=utf8mb4;
LOCK TABLES `event` WRITE;
/*!40000 ALTER TABLE `event` DISABLE KEYS */;
INSERT INTO `event` VALUES (1,'a; \'b\' -- c\n# d'),(2,'日本 😀 /* x */ ''y'' \\'),(3,"DEFINER=`a`@`b`");
/*!40000 ALTER TABLE `event` ENABLE KEYS */;
UNLOCK TABLES;
/*!50003 SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO' */ ;
DELIMITER ;;
/*!50003 CREATE*/ /*!50017 DEFINER=`boss`@`%`*/ /*!50003 TRIGGER `t` BEFORE INSERT ON `event` FOR EACH ROW BEGIN
  SET NEW.said = 'x'; SET NEW.id = 1;
END */;;
CREATE DEFINER=`boss`@`%` PROCEDURE `p`()
BEGIN SELECT 1; SELECT 2; END ;;
DELIMITER ;
/*!50001 CREATE ALGORITHM=UNDEFINED */
/*!50013 DEFINER=`boss`@`%` SQL SECURITY DEFINER */
/*!50001 VIEW `said` AS select `event`.`said` AS `said` from `event` */;
SET @@SESSION.SQL_LOG_BIN = @MYSQLDUMP_TEMP_LOG_BIN;
-- Dump completed on 2026-01-05 10:00:00"""


@pytest.fixture
def pair(database_pair: Pair) -> Iterator[Pair]:
    database_pair.primary.query(f"CREATE DATABASE {SCHEMA}")
    yield database_pair
    database_pair.primary.query(f"DROP DATABASE {SCHEMA}")
    database_pair.wait_for_replica()


def loaded(pair: Pair, file: Path, text: str | bytes) -> int:
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load(file, pair.primary, SCHEMA, lambda _: None, pair.wait_for_replica)


@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "with a mark"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"], ids=["unix", "windows"])
def test_a_dump_becomes_tables_on_both_servers(pair: Pair, tmp_path: Path, mark: str, ends: str) -> None:
    assert loaded(pair, tmp_path / "my.sql", mark + DUMP.replace("\n", ends)) == 2
    pair.wait_for_replica()
    for server in (pair.primary, pair.replica):
        assert server.query(f"SELECT * FROM {SCHEMA}.event ORDER BY id") == [
            (1, "a; 'b' -- c\n# d"),
            (2, "日本 😀 /* x */ 'y' \\"),
            (3, "DEFINER=`a`@`b`"),
        ]
        assert len(server.query(f"SELECT * FROM {SCHEMA}.said")) == 3
    assert pair.primary.query("SELECT COUNT(*) FROM information_schema.triggers WHERE trigger_schema = %s", SCHEMA) == [
        (0,)
    ]


def test_a_large_dump_tells_how_far_it_is(pair: Pair, tmp_path: Path) -> None:
    row = "x" * 1_000_000
    rows = "".join(f"INSERT INTO big VALUES ({number}, '{row}');\n" for number in range(20))
    file = tmp_path / "my.sql"
    file.write_text(f"CREATE TABLE big (id INT PRIMARY KEY, t LONGTEXT);\n{rows}")
    told: list[str] = []
    load(file, pair.primary, SCHEMA, told.append, pair.wait_for_replica)
    assert told[0].endswith(" of 19 MB")
    assert len(told) == 2
    assert pair.replica.query(f"SELECT COUNT(*) FROM {SCHEMA}.big")[0][0] >= 16


BAD = [
    ("CREATE TABLE a (id INT);\n\nCREATE TABLE b (\n  id INT,\n  b INT NOT oops\n);", "line 5: CREATE TABLE"),
    ("CREATE TABLE a (id INT);\nINSERT INTO `a` VALUES ('secret-value');", "line 2: INSERT INTO `a`"),
    ("INSERT INTO nosuch VALUES ('secret-value');", "there is no such table"),
    ("CREATE TABLE a (id INT PRIMARY KEY);\nINSERT INTO a VALUES (4711);\nINSERT INTO a VALUES (4711);", "line 3"),
    ("USE a;\nCREATE TABLE a (id INT);\nUSE b;\nCREATE TABLE c (id INT);", "line 3: a second database begins"),
    ("COPY public.orders (id) FROM stdin;\n1\n2\n\\.\n", "line 1"),
    ("CREATE TABLE a (id INT);\nINSERT INTO a VALUES ('secret-value", "line 2"),
    ("CREATE TABLE a (t TEXT) COLLATE=no_such_collation;", "does not know this collation"),
    ("-- nothing\n", "no table"),
    ("", "empty"),
    (b"\x1f\x8b\x08\x00", "gunzip"),
    ("CREATE TABLE a (id INT);".encode("utf-16"), "UTF-16"),
    (b"\x00\x01\x02\xff\xfe", "line 1"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "says"), BAD, ids=lambda value: str(value)[:20])
def test_what_cannot_be_loaded_is_told_with_its_line(pair: Pair, tmp_path: Path, text: str | bytes, says: str) -> None:
    with pytest.raises(DumpError) as caught:
        loaded(pair, tmp_path / "my.sql", text)
    assert says in str(caught.value)
    assert str(tmp_path / "my.sql") in str(caught.value)
    assert "secret-value" not in str(caught.value)
    assert "4711" not in str(caught.value)


def test_a_file_that_is_not_there_is_told(pair: Pair, tmp_path: Path) -> None:
    with pytest.raises(DumpError, match="No such file"):
        load(tmp_path / "nosuch.sql", pair.primary, SCHEMA, lambda _: None, pair.wait_for_replica)


@pytest.mark.parametrize(
    ("collation", "product"),
    [("utf8mb4_0900_ai_ci", MYSQL), ("utf8mb4_uca1400_ai_ci", MARIADB), ("utf8mb4_general_ci", MARIADB)],
)
def test_a_dump_goes_to_the_product_that_has_its_collations(tmp_path: Path, collation: str, product: Product) -> None:
    file = tmp_path / "my.sql"
    file.write_text(f"-- MySQL dump\nCREATE TABLE a (t TEXT) COLLATE={collation};\n")
    assert product_of(file) is product


def test_statements_have_the_lines_on_which_they_begin() -> None:
    found = [
        (one.line, one.text) for one in statements(b"-- a;\n\nSELECT\n1;\nSELECT '\n;' ; DELIMITER\n$$\nb$$\n#c\n")
    ]
    assert found[:2] == [(3, b"SELECT\n1"), (5, b"SELECT '\n;'")]
    text = b"DELIMITER $$\nCREATE x; y$$\nDELIMITER ;\nSELECT 1"
    assert [(one.line, one.text) for one in statements(text)] == [(2, b"CREATE x; y"), (4, b"SELECT 1")]


def test_the_application_changes_rows_on_the_primary_over_tls(database_pair: Pair, tmp_path: Path) -> None:
    login = tmp_path / "application.cnf"
    database_pair.primary.query("CREATE TABLE shop.lent (id INT AUTO_INCREMENT PRIMARY KEY, status VARCHAR(9))")
    try:
        application.create_account(database_pair, login)
        assert login.stat().st_mode & 0o077 == 0
        assert application.execute(login, "INSERT INTO lent (status) VALUES (%s)", "out") == (1, 1)
        assert application.execute(login, "SELECT * FROM lent") == (0, 0)
        run = partial(CliRunner().invoke, application.main)
        answers = [run([str(login), f"UPDATE lent SET status = 'in' WHERE id = {number}"]).output for number in (1, 2)]
        assert [one.partition(". ")[0].strip().rstrip(".") for one in answers] == ["Rows changed: 1", "Rows changed: 0"]
        refused = run([str(login), "DROP TABLE lent"])
        assert (refused.exit_code, "nothing was changed" in refused.output) == (1, True)
        database_pair.wait_for_replica()
        assert database_pair.replica.query("SELECT status FROM shop.lent") == [("in",)]
    finally:
        database_pair.primary.query(f"DROP USER IF EXISTS {application.USER}")
        database_pair.primary.query("DROP TABLE shop.lent")
