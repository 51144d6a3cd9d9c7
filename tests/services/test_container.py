"""What handlers and jobs ask for is there, and of the type that they expect."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_type_hints
from uuid import uuid4

import pytest

from contract.loader import load
from contract.policy import BEARER_ASKED, ContractError
from domain.jobs import Job
from domain.topics import TOPICS, Topic
from domain.users import Principal
from runtime.web.dispatch import PER_CALL, WORK, find_handler
from runtime.worker.jobs import find_job, wired
from services.container import JobServices, OfCall, OfJob, Services
from tests.annotations import hints
from tests.harness import Server

CONTRACT = load()


def misfits(function: Any, known: Mapping[str, Any]) -> Iterator[str]:
    for name, kind in hints(function).items():
        if name in known and known[name] != kind:
            yield f"{function.__module__}.{function.__name__}: {name} is {known[name]}, not {kind}"


class TestHandlers:
    def test_expect_the_types_that_they_are_given(self) -> None:
        """Where no token is asked for, there may be nobody."""
        known = {**get_type_hints(Services), **get_type_hints(OfCall)}
        found: list[str] = []
        for name in CONTRACT.policies:
            asked = CONTRACT.operation(name)["security"] == BEARER_ASKED
            principal = Principal if asked else Principal | None
            found += misfits(find_handler(name), known | {"principal": principal})
        assert found == []

    def test_what_belongs_to_a_call_is_what_the_dispatcher_gives(self) -> None:
        assert get_type_hints(OfCall).keys() == (PER_CALL.keys() | WORK) - {"body"}

    def test_the_application_has_all_of_it(self, server: Server) -> None:
        services = server.app._services()
        fields = [field.name for field in dataclasses.fields(services)]
        assert [name for name in fields if getattr(services, name) is None] == []


class TestJobs:
    def test_expect_the_types_that_they_are_given(self) -> None:
        known = {**get_type_hints(JobServices), **get_type_hints(OfJob)}
        found = [wrong for topic in TOPICS for wrong in misfits(find_job(topic), known)]
        assert found == []

    @pytest.mark.parametrize("topic", TOPICS)
    def test_read_the_payload_that_their_topic_declares(self, topic: str) -> None:
        said = hints(find_job(topic)).get("job")
        assert said is None or get_args(said) == (TOPICS[topic],)

    def test_whoever_asks_for_what_nobody_has_stops_the_start(self) -> None:
        async def greedy(job: Job[Topic], moon: object) -> None: ...

        with pytest.raises(ContractError, match=r"email\.greedy: the job asks for unknown \['moon'\]"):
            wired("email.greedy", greedy, object.__new__(JobServices))


class TestTopics:
    @pytest.mark.parametrize("kind", TOPICS.values(), ids=TOPICS)
    def test_what_is_written_is_read(self, kind: type[Topic]) -> None:
        samples = {"str": "x", "int": 3, "UUID": uuid4()}
        types = {field.name: str(field.type) for field in dataclasses.fields(kind)}
        values = {name: next(v for k, v in samples.items() if k in said) for name, said in types.items()}
        full = kind(**values)
        assert all(isinstance(value, str) for value in full.written().values())
        assert kind.read(full.written() | {"sealed": "…", "of_a_newer_release": "x"}) == full

    def test_what_is_not_there_is_not_written(self) -> None:
        user = uuid4()
        payload = TOPICS["email.verify_address"].read({"user": str(user)}).written()
        assert payload == {"user": str(user)}

    def test_what_is_missing_is_told(self) -> None:
        with pytest.raises(TypeError, match="user"):
            TOPICS["email.verify_address"].read({})
