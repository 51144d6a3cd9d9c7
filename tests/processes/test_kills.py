"""Workers and servers are killed while they ask vendors of money: whoever comes next ends what they began, once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from random import Random
from typing import NamedTuple

import pytest

from domain.jobs import PLACES, Lane
from tests.ledger import Books
from tests.processes.biore import Process, until
from tests.processes.conftest import DeploymentMaker
from tests.processes.killing import Aim, Moment, Shot, let_pass, sweep
from tests.processes.money_roads import ASKED, ROADS, Asked, Road, Scene
from tests.sampling import Sampling

AT_ONCE = PLACES[Lane.EVENTS] - 1
"""So many are aimed at together. A worker has one place more for jobs that ask vendors: anything else that is due just
then would keep the last of them waiting, for which all others wait.
"""
GROUPS, SERVERS = 4, 2
FULL_ROUNDS = 25
STUCK = 300
"""Seconds after which nothing may wait any more that was begun."""
LOOKS, SOON = 2, 10.0
LONGEST_DELAY = 0.02
QUEUE, KILLS, FULL_KILLS = 16, 4, 300
LONGEST_PAUSE = 0.2
"""Seconds between an answer of a vendor and a kill: in them the worker commits, and goes on with other jobs."""


class Target(NamedTuple):
    """A request of a road, counted from 0, and when its vendor kills."""

    road: type[Road]
    number: int
    moment: Moment


class Range:
    """Where workers are shot, one after the other."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.worker: Process = scene.biore.start("worker")
        self.begun: list[Road] = []
        reconciled = "SELECT 1 FROM ledger_reconciliations"  # while rows are made by and by it would find something
        until(lambda: scene.tables.rows(reconciled), "the books read")

    def shoot(self, targets: Sequence[Target], random: Random) -> None:
        """One kill while all of them are under way, and perhaps another one while the next worker goes on."""
        roads = self._prepared([target.road for target in targets])
        answering = sum(target.moment is Moment.ANSWERED for target in targets)
        shot = Shot(self.worker, len(targets), answering, random.uniform(0, LONGEST_DELAY))
        for target in targets:
            self.scene.deadly[target.road.provider].aim(Aim(target.number, target.moment, shot))
        for road in roads:
            road.ask()
        self._fall(shot, targets)
        second = random.choice(targets)
        again = Shot(self.worker, 1, 1, random.uniform(0, LONGEST_DELAY))
        moment = random.choice(list(Moment))
        if moment is not Moment.ANSWERED:
            again.answering = 0
        self._go_on(roads, (second.road.provider, Aim(random.randrange(4), moment, again)))

    def work_off(self, roads: Sequence[type[Road]], random: Random, kills: int) -> int:
        """All of them wait at once, and whoever works them off is shot now and then; how often."""
        waiting, shots = self._prepared(roads), 0
        for road in waiting:
            road.ask()
        providers = sorted({road.provider for road in waiting})
        while shots < kills:
            shot = Shot(self.worker, 1, 1, random.uniform(0, LONGEST_PAUSE))
            provider = random.choice(providers)
            self.scene.deadly[provider].aim(Aim(random.randrange(6), Moment.ANSWERED, shot))
            self._is_seen(lambda shot=shot: shot.fired.is_set() or self._all_there(waiting))  # type: ignore[misc]
            self.scene.deadly[provider].aim(None)
            if shot.spare():
                break
            self.worker.wait()
            self._replace()
            shots += 1
        self._arrive(waiting)
        return shots

    def walk(self, roads: Sequence[type[Road]]) -> dict[type[Road], list[str]]:
        """What each of them asks when nobody is killed."""
        prepared = self._prepared(roads)
        for deadly in self.scene.deadly.values():
            deadly.aim(None)
        for road in prepared:
            road.ask()
        self._arrive(prepared)
        return {type(road): list(self.scene.deadly[road.provider].asked) for road in prepared}

    def end(self) -> None:
        """All that was begun comes to its end."""
        for road in self.begun:
            road.finish()
        for deadly in self.scene.deadly.values():
            deadly.aim(None)
        self.scene.hurry()
        self._replace()
        self._wait(lambda: all(road.over() for road in self.begun) and not self.scene.works, self.begun)
        self.scene.assert_settled()

    def _prepared(self, roads: Sequence[type[Road]]) -> list[Road]:
        prepared = [road(self.scene) for road in roads]
        for road in prepared:
            road.prepare()
        self.begun += prepared
        return prepared

    def _fall(self, shot: Shot, targets: Sequence[Target]) -> None:
        asked = {name: deadly.asked for name, deadly in self.scene.deadly.items()}
        assert shot.fired.wait(30), f"nobody was killed at {targets}; asked: {asked}; {self.worker.code}"
        self.worker.wait()

    def _go_on(self, roads: Sequence[Road], second: tuple[str, Aim]) -> None:
        for deadly in self.scene.deadly.values():
            deadly.aim(None)
        provider, aim = second
        self.scene.deadly[provider].aim(aim)
        self._replace()
        aim.shot.process = self.worker
        self._is_seen(lambda: aim.shot.fired.is_set() or self._all_there(roads))
        self.scene.deadly[provider].aim(None)
        if not aim.shot.spare():
            self.worker.wait()
            self._replace()
        self._arrive(roads)

    def _replace(self) -> None:
        """A fresh worker; the one before it left what it had claimed."""
        if self.worker.code is None:
            self.worker.kill()
        let_pass(self.scene.tables, STUCK)
        self.worker = self.scene.biore.start("worker")

    def _wait(self, look: Callable[[], bool], roads: Sequence[Road]) -> None:
        try:
            until(self._sweeping(look), "an end")
        except AssertionError:
            left = {type(road).__name__: road.row for road in roads if not road.over()}
            asked = {name: deadly.asked for name, deadly in self.scene.deadly.items()}
            jobs = self.scene.tables.rows("SELECT * FROM outbox WHERE done_at IS NULL")
            self.worker.fail(f"has not done {left}; jobs: {jobs}; asked: {asked}")

    def _is_seen(self, look: Callable[[], bool]) -> bool:
        with suppress(AssertionError):
            until(self._sweeping(look), "an end", SOON)
            return True
        return False

    def _sweeping(self, look: Callable[[], bool]) -> Callable[[], bool]:
        """Sweepers come as often as it takes: what another job holds just then they leave for the next time."""

        def seen() -> bool:
            sweep(self.scene.tables)
            return look()

        return seen

    def _all_there(self, roads: Sequence[Road]) -> bool:
        return all(road.arrived() for road in roads) and not self.scene.works

    def _arrive(self, roads: Sequence[Road]) -> None:
        """Where a vendor was still at what a worker had asked before it was killed, it is looked at once more."""
        for _ in range(LOOKS):
            if self._is_seen(lambda: self._all_there(roads)):
                break
            self._replace()
        self._wait(lambda: self._all_there(roads), roads)
        for road in roads:
            road.check()
        self.scene.park()
        self.scene.assert_agree()


def targets(asked: Mapping[type[Road], Sequence[str]]) -> list[Target]:
    """Each moment of each request."""
    return [
        Target(road, number, moment)
        for road, requests in asked.items()
        for number in range(len(requests))
        for moment in Moment
    ]


def together(targets: Sequence[Target]) -> list[list[Target]]:
    """In groups in which each vendor stands once: by its count it knows which request is aimed at."""
    groups: list[list[Target]] = []
    for target in targets:
        group = next(
            (
                group
                for group in groups
                if len(group) < AT_ONCE and all(one.road.provider != target.road.provider for one in group)
            ),
            None,
        )
        if group is None:
            groups.append([target])
        else:
            group.append(target)
    return groups


@pytest.fixture
def scene(deploy: DeploymentMaker) -> Iterator[Scene]:
    biore = deploy()
    with (
        biore.tables() as tables,
        Books(biore.database_url) as books,
        Scene(biore, tables, books).standing() as scene,
    ):
        yield scene


class TestWorkers:
    def test_a_worker_that_is_killed_at_any_call_of_a_vendor_leaves_nothing_undone_or_done_twice(
        self, scene: Scene, sampling: Sampling, pytestconfig: pytest.Config
    ) -> None:
        """At each request of each road, in each of the three moments. What is not aimed at is taken up by the jobs
        whose leases ran out, and by the sweepers, of which several may come at once.
        """
        full = pytestconfig.getoption("--full-races")
        shooting = Range(scene)
        asked: dict[type[Road], list[str]] = {}
        for group in together([Target(road, 0, Moment.BEFORE) for road in ROADS]):
            asked |= shooting.walk([target.road for target in group])
        everything = targets(asked)
        random = Random(sampling.seed)
        for _ in range(FULL_ROUNDS if full else 1):
            random.shuffle(everything)
            groups = together(everything)
            for group in groups if full else groups[:GROUPS]:
                shooting.shoot(group, random)
        shooting.end()

    def test_a_worker_that_is_killed_at_random_moments_works_off_a_queue(
        self, scene: Scene, sampling: Sampling, pytestconfig: pytest.Config
    ) -> None:
        """Payouts, loads and refunds of all providers, a few of which are in the middle at each kill."""
        shooting, random = Range(scene), Random(sampling.seed)
        left = FULL_KILLS if pytestconfig.getoption("--full-races") else KILLS
        while left > 0:
            left -= shooting.work_off(random.choices(ROADS, k=QUEUE), random, left)
        shooting.end()


class Gallery:
    """Where servers are shot, while a worker lives on beside them."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.begun: list[Asked] = []
        scene.biore.start("worker")
        self.server = scene.biore.serve("--no-worker")

    def walk(self, roads: Sequence[type[Asked]]) -> dict[type[Road], list[str]]:
        """As that of a range."""
        prepared = self._prepared(roads)
        for road in prepared:
            self.scene.deadly[road.provider].aim(None)
            road.again()
        self._arrive(prepared)
        return {type(road): list(self.scene.deadly[road.provider].asked) for road in prepared}

    def shoot(self, targets: Sequence[Target], random: Random) -> None:
        """Some of those who asked come again, for others nobody does."""
        prepared = self._prepared([target.road for target in targets])  # type: ignore[misc]
        answering = sum(target.moment is Moment.ANSWERED for target in targets)
        shot = Shot(self.server, len(targets), answering, random.uniform(0, LONGEST_DELAY))
        for target in targets:
            self.scene.deadly[target.road.provider].aim(Aim(target.number, target.moment, shot))
        for road in prepared:
            road.ask()
        asked = {name: deadly.asked for name, deadly in self.scene.deadly.items()}
        assert shot.fired.wait(30), f"nobody was killed at {targets}; asked: {asked}"
        self.server.wait()
        for road in prepared:
            road.hang_up()
        for deadly in self.scene.deadly.values():
            deadly.aim(None)
        let_pass(self.scene.tables, STUCK)
        self.server = self.scene.biore.serve("--no-worker")
        for road in prepared:
            if not road.is_swept or random.random() < 0.5:
                road.again()
        self._arrive(prepared)

    def end(self) -> None:
        for road in self.begun:
            road.finish()
        self.scene.hurry()
        self._wait(lambda: all(road.over() for road in self.begun) and not self.scene.works)
        self.scene.assert_settled()

    def _prepared(self, roads: Sequence[type[Asked]]) -> list[Asked]:
        prepared = [road(self.scene) for road in roads]
        for road in prepared:
            road.prepare()
        self.begun += prepared
        return prepared

    def _arrive(self, roads: Sequence[Asked]) -> None:
        self._wait(lambda: all(road.arrived() for road in roads) and not self.scene.works)
        for road in roads:
            road.check()
        self.scene.park()
        self.scene.assert_agree()

    def _wait(self, look: Callable[[], bool]) -> None:
        def seen() -> bool:
            sweep(self.scene.tables)
            return look()

        until(seen, "what was asked for")


class TestServers:
    def test_a_server_that_is_killed_at_any_call_of_a_vendor_leaves_nothing_undone_or_done_twice(
        self, scene: Scene, sampling: Sampling, pytestconfig: pytest.Config
    ) -> None:
        """Loads, payout accounts and identities, whether somebody asks once more or nobody does."""
        full, gallery = pytestconfig.getoption("--full-races"), Gallery(scene)
        asked: dict[type[Road], list[str]] = {}
        for road in ASKED:
            asked |= gallery.walk([road])
        everything = targets(asked)
        random = Random(sampling.seed)
        for _ in range(FULL_ROUNDS if full else 1):
            random.shuffle(everything)
            groups = together(everything)
            for group in groups if full else groups[:SERVERS]:
                gallery.shoot(group, random)
        gallery.end()
