"""Serves the endpoint: dispatches each request to its operation, and validates requests and answers."""

import traceback
from functools import cache
from typing import Any

import botocore.session
from aiohttp import web

# Importing these modules registers their handlers and operations.
import tests.deploy.standin.resources.addresses
import tests.deploy.standin.resources.functions
import tests.deploy.standin.resources.group_rules
import tests.deploy.standin.resources.nested_stacks
import tests.deploy.standin.resources.secret_references
import tests.deploy.standin.resources.security_groups
import tests.deploy.standin.resources.services
import tests.deploy.standin.resources.stores
import tests.deploy.standin.services.account
import tests.deploy.standin.services.change_sets
import tests.deploy.standin.services.containers_api
import tests.deploy.standin.services.databases_api
import tests.deploy.standin.services.existing_resources
import tests.deploy.standin.services.interfaces
import tests.deploy.standin.services.lambdas
import tests.deploy.standin.services.named_resources
import tests.deploy.standin.services.registry_images
import tests.deploy.standin.services.stacks_api
import tests.deploy.standin.services.watching  # noqa: F401
from tests.deploy.standin.control import CALLS, PREFIX, control
from tests.deploy.standin.errors import AwsError, NotSupportedError
from tests.deploy.standin.holds import find_hold, keep_waiting
from tests.deploy.standin.protocol import (
    Answer,
    Call,
    Scope,
    read_call,
    read_model,
    read_scope,
    speaks_xml,
    write_error,
    write_plain_error,
    write_result,
)
from tests.deploy.standin.services.registry import find, services
from tests.deploy.standin.world import IDENTITY, World

# The services that moto implements well and whose resources the stacks create in moto. For any other service moto
# would return empty results, and a test might pass because of them.
_PASSED_ON = {"iam", "s3", "secretsmanager", "ssm"}
_LARGEST_REQUEST_BYTES = 64 * 1024**2


class Endpoint:
    """Serves one stand-in on 127.0.0.1."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._regions = _regions()

    async def start(self, port: int) -> None:
        application = web.Application(client_max_size=_LARGEST_REQUEST_BYTES)
        application.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(application, access_log=None, auto_decompress=False)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port, shutdown_timeout=0.1).start()

    async def close(self) -> None:
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.path.startswith(PREFIX):
            return await self._control(request)
        body = await request.read()
        try:
            scope = read_scope(request.headers)
        except AwsError as error:
            return _response(
                write_plain_error(error, as_xml=request.content_type == "application/x-www-form-urlencoded")
            )
        if scope.region not in self._regions:
            # On AWS the host name of an unknown region does not resolve; here only the connection can fail.
            assert request.transport is not None
            request.transport.abort()
            return web.Response(status=503)
        try:
            return _response(await self._carry_out(request, scope, body))
        except AwsError as error:
            return _response(write_plain_error(error, as_xml=speaks_xml(scope.service)))
        except Exception as error:
            traceback.print_exc()
            broken = AwsError("StandInBroken", f"{type(error).__name__}: {error}", 500)
            return _response(write_plain_error(broken, as_xml=speaks_xml(scope.service)))

    async def _carry_out(self, request: web.Request, scope: Scope, body: bytes) -> Answer:
        call = read_call(
            scope, method=request.method, url=f"{self._world.url}{request.raw_path}", headers=request.headers, body=body
        )
        if scope.access_key == "CLOUDFORMATION":
            return await self._run(request, call, body)
        state = self._world.state
        state.append(CALLS, {"action": call.action})
        held = find_hold(state, call)
        try:
            await keep_waiting(state, held, done=False)
            self._world.faults.check(call.action, identity=IDENTITY)
        except AwsError as error:
            return write_error(call, error)
        answer = await self._run(request, call, body)
        await keep_waiting(state, held, done=True)
        return answer

    async def _run(self, request: web.Request, call: Call, body: bytes) -> Answer:
        operation = find(call.scope.service, call.operation)
        if operation is not None:
            try:
                return write_result(call, await operation(self._world, call))
            except NotSupportedError:
                raise
            except AwsError as error:
                return write_error(call, error)
        if call.scope.service not in _PASSED_ON:
            raise NotSupportedError(f"operation {call.action}")
        return await self._pass_on(request, call, body)

    async def _pass_on(self, request: web.Request, call: Call, body: bytes) -> Answer:
        return await self._world.moto.forward(
            call.operation, method=request.method, path=request.raw_path, headers=request.headers, body=body
        )

    async def _control(self, request: web.Request) -> web.Response:
        try:
            answer = control(self._world, request.path.removeprefix(PREFIX), await request.json())
        except AwsError as error:
            return web.Response(status=error.status, text=error.message)
        return web.json_response(answer)


def preload() -> None:
    """Read the regions and the models, so that the stand-ins that are forked from this process have them."""
    _regions()
    for service in services() | _PASSED_ON:
        read_model(service)


@cache
def _regions() -> set[str]:
    session: Any = botocore.session.get_session()
    return {
        region
        for partition in ("aws", "aws-cn", "aws-us-gov")
        for region in session.get_available_regions("ec2", partition)
    }


def _response(answer: Answer) -> web.Response:
    headers = {name: value for name, value in answer.headers.items() if name.lower() != "content-length"}
    return web.Response(status=answer.status, headers=headers, body=answer.body)
