"""What a server keeps in memory, in tests that change tables past it."""

from tests.harness import Server


def follow(server: Server) -> None:
    """Look now at what has changed, as a server does every other second."""
    server.on_loop(server.app.editions.refresh())


def move_on(server: Server, name: str) -> None:
    """For rows that a test wrote by itself: what was made of them before is out of date."""
    server.tables.run(
        "INSERT INTO editions AS e VALUES (%s, 1) ON CONFLICT (name) DO UPDATE SET number = e.number + 1", name
    )
    follow(server)
