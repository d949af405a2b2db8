"""MariaDB or MySQL, whichever is installed."""

from __future__ import annotations

import socket
from contextlib import suppress

from dishwasher.runner.services.recipe import Place, Recipe

_PROTOCOL = 10
"""First byte of the greeting's body; anything else is an error, such as "starting up".

https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets_protocol_handshake_v10.html
"""


class MySQL(Recipe):
    name = "mysql"
    port = 3306
    package = "mariadb-server"
    accounts = ("mysql",)
    movable = True

    def programs(self) -> tuple[tuple[str, ...], ...]:
        return (("mariadbd", "mysqld"), ("mariadb-install-db", "mysqld"))

    def prepare(self, place: Place) -> tuple[tuple[str, ...], bytes]:
        installer = self.find(("mariadb-install-db", "mysqld"))
        data = f"--datadir={place.folder}/data"
        user = self._user(place)
        if installer.endswith("mysqld"):
            return (installer, "--no-defaults", "--initialize-insecure", data, *user), b""
        argv = (installer, "--no-defaults", data, "--skip-test-db", "--skip-name-resolve", *user)
        return (*argv, "--auth-root-authentication-method=normal"), b""

    def start(self, place: Place) -> tuple[str, ...]:
        init = place.folder / "init.sql"
        init.write_text(self._statements(place))
        return (
            self.find(("mariadbd", "mysqld")),
            "--no-defaults",
            f"--datadir={place.folder}/data",
            f"--socket={_socket(place)}",
            f"--pid-file={place.folder}/pid",
            f"--port={place.port}",
            "--bind-address=127.0.0.1",
            f"--init-file={init}",
            # Nobody reads this disk again.
            "--innodb-flush-log-at-trx-commit=0",
            "--skip-log-bin",
            "--character-set-server=utf8mb4",
            *self._user(place),
        )

    def _user(self, place: Place) -> tuple[str, ...]:
        return (f"--user={place.account.name}",) if place.account else ()

    def _statements(self, place: Place) -> str:
        """One a line, as --init-file has it."""
        lines = [f"CREATE DATABASE IF NOT EXISTS `{name}`;" for name in place.databases]
        for user, password in place.users:
            for host in ("localhost", "127.0.0.1"):
                lines.append(f"CREATE USER IF NOT EXISTS '{user}'@'{host}';")
                if password:
                    # A client that gives one is refused where none is set.
                    by = password.replace("\\", "\\\\").replace("'", "''")
                    lines.append(f"ALTER USER '{user}'@'{host}' IDENTIFIED BY '{by}';")
                lines.append(f"GRANT ALL ON *.* TO '{user}'@'{host}' WITH GRANT OPTION;")
        return "\n".join([*lines, ""])

    def is_ready(self, place: Place) -> bool:
        with (
            suppress(OSError),
            socket.create_connection(("127.0.0.1", place.port), timeout=1) as connection,
        ):
            greeting = connection.recv(5)
            return len(greeting) == 5 and greeting[4] == _PROTOCOL
        return False

    def environment(self, place: Place) -> dict[str, str]:
        return {"MYSQL_TCP_PORT": str(place.port), "MYSQL_UNIX_PORT": _socket(place)}

    def settings(self, place: Place) -> tuple[str, str]:
        # To clients `localhost` is the socket, whatever the port; the machine's own settings, which
        # a file in HOME overrides and a variable does not, name the machine's own one.
        return ".my.cnf", f"[client]\nsocket={_socket(place)}\nport={place.port}\n"


def _socket(place: Place) -> str:
    return f"{place.folder}/socket"
